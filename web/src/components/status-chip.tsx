import {
  IconAlertTriangle, IconArrowBackUp, IconBan, IconCircleCheck, IconCircleX, IconFileOff, IconFlame,
  IconHandFinger, IconHandStop, IconHelpHexagon, IconLink, IconPlayerPause, IconPlayerStop, IconPrinter,
  IconSend, IconStack2, IconTransfer, IconWifiOff, type Icon,
} from "@tabler/icons-react";
import classes from "@/components/status-chip.module.css";
import { useI18n } from "@/lib/i18n/context";
import { shownState, type ShownState } from "@/lib/job-state";
import type { PrinterState } from "@/lib/printer-state";
import type { Tone } from "@/lib/tones";
import type { Job } from "@/lib/wire";

type Variant = "light" | "filled" | "outline";
export type Look = readonly [Icon, Tone, Variant];

const JOB_LOOKS: Record<ShownState, Look> = {
  submitted: [IconSend, "ask", "light"],
  returned: [IconArrowBackUp, "warn", "filled"],
  rejected: [IconBan, "bad", "outline"],
  withdrawn: [IconFileOff, "quiet", "outline"],
  queued: [IconStack2, "quiet", "light"],
  printing: [IconPrinter, "accent", "filled"],
  done: [IconCircleCheck, "good", "light"],
  failed: [IconAlertTriangle, "bad", "filled"],
  cancelled: [IconCircleX, "quiet", "outline"],
  attention: [IconHelpHexagon, "warn", "filled"],
  claimed: [IconLink, "accent", "light"],
  transferring: [IconTransfer, "accent", "light"],
  starting: [IconFlame, "accent", "light"],
  paused: [IconPlayerPause, "warn", "filled"],
  cancelling: [IconPlayerStop, "quiet", "filled"],
};

const PRINTER_LOOKS: Record<PrinterState, Look> = {
  ready: [IconCircleCheck, "good", "light"],
  printing: [IconPrinter, "accent", "filled"],
  paused: [IconPlayerPause, "warn", "filled"],
  bed: [IconHandStop, "warn", "filled"],
  attention: [IconHelpHexagon, "warn", "filled"],
  error: [IconAlertTriangle, "bad", "filled"],
  offline: [IconWifiOff, "quiet", "outline"],
  busy: [IconHandFinger, "quiet", "filled"],
};

/** A state in a word, a shape and a colour, in this order. */
export function Chip({ look, label }: { look: Look; label: string }) {
  const [Symbol, tone, variant] = look;
  return (
    <span className={classes["chip"]} data-tone={tone} data-variant={variant}>
      <Symbol size={16} stroke={1.75} aria-hidden />
      <span>{label}</span>
    </span>
  );
}

export function StatusChip({ job }: { job: Pick<Job, "status" | "phase"> }) {
  const { t } = useI18n();
  const state = shownState(job);
  return <Chip look={JOB_LOOKS[state]} label={t.status[state].label} />;
}

export function PrinterChip({ state }: { state: PrinterState }) {
  const { t } = useI18n();
  return <Chip look={PRINTER_LOOKS[state]} label={t.printers.state[state]} />;
}
