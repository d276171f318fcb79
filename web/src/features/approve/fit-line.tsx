import { Text } from "@mantine/core";
import { useI18n } from "@/lib/i18n/context";
import { usePrinters } from "@/lib/queries/printers";
import { printersWith } from "@/features/approve/fit";
import type { Job } from "@/lib/wire";

/** One line: who has loaded what this plate needs. Only information; the claim decides. */
export function FitLine({ job }: { job: Job }) {
  const { t } = useI18n();
  const printers = usePrinters();
  const needed = [...new Set(job.filaments.map((filament) => filament.type).filter((type) => type !== ""))];
  if (printers.data === undefined || printers.data.length === 0 || needed.length === 0) return null;
  const fitting = printersWith(printers.data, job.queue, needed);
  if (fitting === null) return null;
  return (
    <Text size="sm" c={fitting.length > 0 ? "good" : "warn"} fw={600}>
      {fitting.length > 0
        ? t.approve.fits(fitting.map((printer) => printer.name).join(", "))
        : t.approve.fitsNone(needed.join(" + "))}
    </Text>
  );
}
