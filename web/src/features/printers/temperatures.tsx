import classes from "@/features/printers/printers.module.css";
import { useTelemetry } from "@/lib/feed/telemetry";
import { useI18n } from "@/lib/i18n/context";
import type { Printer } from "@/lib/wire";

const OLD_AFTER_MS = 120_000;

function Reading(props: { label: string; value: number; target: number | null }) {
  const { f } = useI18n();
  return (
    <div className={classes["reading"]}>
      <dt>{props.label}</dt>
      <dd className="num">{f.temperature(props.value, props.target)}</dd>
    </div>
  );
}

/** Nozzle and bed as last heard; nothing rather than something old. */
export function Temperatures({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  const news = useTelemetry(printer.id, OLD_AFTER_MS);
  if (news === undefined || !printer.is_online) return null;
  if (news.nozzle_c === null && news.bed_c === null) return null;
  return (
    <dl className={classes["readings"]}>
      {news.nozzle_c !== null && (
        <Reading label={t.printers.nozzle} value={news.nozzle_c} target={news.nozzle_target_c} />
      )}
      {news.bed_c !== null && <Reading label={t.printers.bed} value={news.bed_c} target={news.bed_target_c} />}
    </dl>
  );
}
