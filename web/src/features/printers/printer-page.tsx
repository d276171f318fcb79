import { Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { IconArrowLeft, IconBulb, IconBulbOff } from "@tabler/icons-react";
import { Link, useParams } from "react-router";
import { Age } from "@/components/age";
import { AttentionPanel } from "@/components/attention-panel";
import { BedPanel } from "@/components/bed-panel";
import { Camera } from "@/components/camera";
import { CommandAnswer } from "@/components/command-answer";
import { ErrorNote } from "@/components/error-note";
import { JobActions } from "@/components/job-actions";
import { Missing } from "@/components/missing";
import { PageTitle } from "@/components/page-title";
import { PrintControls } from "@/components/print-controls";
import { ProgressLine } from "@/components/progress-line";
import { RunSteps } from "@/components/run-steps";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import { PrinterChip } from "@/components/status-chip";
import { LoadedTrays } from "@/features/printers/loaded-trays";
import { Messages } from "@/features/printers/messages";
import classes from "@/features/printers/printers.module.css";
import { Readings } from "@/features/printers/readings";
import { usePrinterWords } from "@/features/printers/words";
import { useTelemetry } from "@/lib/feed/telemetry";
import { useI18n } from "@/lib/i18n/context";
import { hasProgress } from "@/lib/job-state";
import { asksForBed, printerState } from "@/lib/printer-state";
import { useClearError, useLight, usePrinters } from "@/lib/queries/printers";
import type { Job, Printer } from "@/lib/wire";

function CurrentJob({ job }: { job: Job }) {
  return (
    <section className={classes["card"]}>
      <Title order={2} size="h3">
        <Anchor component={Link} to={`/jobs/${job.id}`} inherit>
          {job.name}
        </Anchor>
      </Title>
      <Text c="dimmed">{job.owner.name}</Text>
      {hasProgress(job) ? <ProgressLine job={job} size="lg" /> : <RunSteps job={job} withText />}
      <JobActions job={job} />
      <PrintControls job={job} />
    </section>
  );
}

function Light({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  const light = useLight(printer);
  if (!printer.allowed_actions.includes("light")) return null;
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <ServerButton
          variant="default"
          size="sm"
          leftSection={<IconBulb size={18} aria-hidden />}
          onClick={() => light.mutate(true)}
        >
          {t.printers.light}
        </ServerButton>
        <ServerButton
          variant="default"
          size="sm"
          leftSection={<IconBulbOff size={18} aria-hidden />}
          onClick={() => light.mutate(false)}
        >
          {t.printers.lightOff}
        </ServerButton>
      </Group>
      <CommandAnswer command={light.data} />
      <ErrorNote error={light.error} />
    </Stack>
  );
}

function ClearError({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  const clear = useClearError(printer);
  if (!printer.allowed_actions.includes("clear_error")) return null;
  return (
    <Stack gap="sm" align="flex-start">
      <ServerButton variant="default" size="sm" loading={clear.isPending} onClick={() => clear.mutate()}>
        {t.act.clearError}
      </ServerButton>
      <CommandAnswer command={clear.data} />
      <ErrorNote error={clear.error} />
    </Stack>
  );
}

/** The last fact or, if that is newer, the last word of the live line. */
function useHeard(printer: Printer): string | null {
  const news = useTelemetry(printer.id);
  const words = [printer.last_fact_at, news?.at ?? null].filter((at) => at !== null);
  return words.length === 0 ? null : words.reduce((a, b) => (Date.parse(a) > Date.parse(b) ? a : b));
}

function Machine({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  const heard = useHeard(printer);
  const rows: [string, React.ReactNode][] = [
    [t.printers.model, printer.model_name],
    [t.printers.firmware, printer.firmware],
    [t.printers.node, printer.node],
    [t.job.queue, printer.queue],
    [t.printers.last, heard === null ? null : <Age key="age" at={heard} />],
  ];
  return (
    <section className={classes["card"]}>
      {!asksForBed(printer) && <Camera printer={printer} />}
      <Readings printer={printer} withParts />
      <div>
        <Text size="sm" c="dimmed">
          {t.printers.loaded}
        </Text>
        {printer.loaded === null || printer.loaded.filaments.length === 0 ? (
          <Text>{t.printers.nothingLoaded}</Text>
        ) : (
          <LoadedTrays loaded={printer.loaded} printerId={printer.id} />
        )}
      </div>
      <dl className={classes["machine"]}>
        {rows
          .filter(([, value]) => value !== null)
          .map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <Light printer={printer} />
    </section>
  );
}

/** A panel says it, or the same message at the printer's screen. */
function useIsSaidElsewhere(printer: Printer): boolean {
  const messages = useTelemetry(printer.id)?.messages ?? [];
  const state = printerState(printer);
  if (messages.some(({ code }) => code === printer.code)) return true;
  return state === "bed" || state === "attention" || (state === "ready" && printer.allowed_actions.includes("unclear_bed"));
}

function Whole({ printer }: { printer: Printer }) {
  const words = usePrinterWords(printer);
  const { t } = useI18n();
  const state = printerState(printer);
  const job = printer.current_job;
  const isSaid = useIsSaidElsewhere(printer);
  return (
    <>
      <header className={classes["pageHead"]}>
        <PageTitle text={printer.name} />
        <PrinterChip state={state} />
        {printer.code !== null && <Text c="dimmed">{t.common.code(printer.code)}</Text>}
      </header>
      <div className={classes["columns"]}>
        <Stack gap="lg" className={classes["left"] ?? ""}>
          {job?.status === "attention" && <AttentionPanel job={job} />}
          {job !== null && job.status !== "attention" && <CurrentJob job={job} />}
          <BedPanel printer={printer} />
          {words !== null && !isSaid && <Text>{words}</Text>}
          <Messages printer={printer} />
          <ClearError printer={printer} />
        </Stack>
        <Machine printer={printer} />
      </div>
    </>
  );
}

export function PrinterPage() {
  const { t } = useI18n();
  const { id = "" } = useParams();
  const query = usePrinters();
  return (
    <Stack gap="lg">
      <Anchor component={Link} to="/printers" className={classes["back"] ?? ""}>
        <IconArrowLeft size={16} aria-hidden /> {t.printers.all}
      </Anchor>
      <StateGate query={query} what={t.printers.what}>
        {(printers) => {
          const printer = printers.find((each) => each.id === id);
          if (printer === undefined) return <Missing title={t.notFound.printer} text={t.notFound.text} />;
          return <Whole key={printer.id} printer={printer} />;
        }}
      </StateGate>
    </Stack>
  );
}
