import type { ReactNode } from "react";
import classes from "@/features/printers/printers.module.css";
import { Sparkline } from "@/features/printers/sparkline";
import { useSeries, useTelemetry } from "@/lib/feed/telemetry";
import { useI18n } from "@/lib/i18n/context";
import type { Printer, Telemetry } from "@/lib/wire";

const OLD_AFTER_MS = 120_000;

function Reading(props: { label: string; value: string; chart?: ReactNode }) {
  return (
    <div className={classes["reading"]}>
      <dt>{props.label}</dt>
      <dd className="num">{props.value}</dd>
      {props.chart}
    </div>
  );
}

function useRows(news: Telemetry | undefined, withParts: boolean): [string, string][] {
  const { t, f } = useI18n();
  if (news === undefined) return [];
  const rows: [string, string | null][] = [
    [t.printers.nozzle, news.nozzle_c === null ? null : f.temperature(news.nozzle_c, news.nozzle_target_c)],
    [t.printers.bed, news.bed_c === null ? null : f.temperature(news.bed_c, news.bed_target_c)],
  ];
  if (withParts)
    rows.push(
      [t.printers.fan, news.part_fan === null ? null : `${news.part_fan} %`],
      [t.printers.speed, news.run_id === null || news.speed_percent === null ? null : `${news.speed_percent} %`],
      [t.printers.humidity, news.humidity_level === null ? null : t.printers.humidityLevel(news.humidity_level)],
      [t.printers.wifi, news.wifi_dbm === null ? null : `${news.wifi_dbm} dBm`],
    );
  return rows.filter((row): row is [string, string] => row[1] !== null);
}

/** Temperatures as last heard, and with `withParts` fan, speed, humidity and Wi-Fi;
 * nothing rather than something old. */
export function Readings(props: { printer: Printer; withParts?: boolean }) {
  const { t } = useI18n();
  const news = useTelemetry(props.printer.id, OLD_AFTER_MS);
  const rows = useRows(props.printer.is_online ? news : undefined, props.withParts ?? false);
  const samples = useSeries(props.printer.id);
  if (rows.length === 0) return null;
  const charts: Record<string, ReactNode> = {
    [t.printers.nozzle]: <Sparkline samples={samples} what="nozzle" target={news?.nozzle_target_c ?? null} />,
    [t.printers.bed]: <Sparkline samples={samples} what="bed" target={news?.bed_target_c ?? null} />,
  };
  return (
    <dl className={classes["readings"]}>
      {rows.map(([label, value]) => (
        <Reading key={label} label={label} value={value} chart={charts[label]} />
      ))}
    </dl>
  );
}
