import { useI18n } from "@/lib/i18n/context";
import { useNow } from "@/lib/clock";
import { printerState } from "@/lib/printer-state";
import type { Printer } from "@/lib/wire";

/** The sentence below a printer's word: what it says, since when it is silent, what comes next. */
export function usePrinterWords(printer: Printer): string | null {
  const { t, f } = useI18n();
  const now = useNow();
  switch (printerState(printer)) {
    case "offline":
      return printer.last_fact_at === null
        ? t.printers.noWordYet(printer.node)
        : t.printers.noWord(printer.node, f.moment(printer.last_fact_at, now));
    case "bed":
      return printer.bed.last_job === null ? t.jobs.bedUnknown : t.jobs.bedHint(printer.bed.last_job.name);
    case "ready":
      return printer.detail ?? t.printers.readyText;
    case "attention":
      return printer.current_job?.reason ?? t.status.attention.next;
    default:
      return printer.detail;
  }
}
