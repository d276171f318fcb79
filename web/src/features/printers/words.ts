import { useI18n } from "@/lib/i18n/context";
import { useNow } from "@/lib/clock";
import { printerState } from "@/lib/printer-state";
import { jobReason, printerDetail } from "@/lib/server-words";
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
      return printerDetail(t, printer) ?? t.printers.readyText;
    case "attention":
      return (printer.current_job && jobReason(t, printer.current_job)) ?? t.status.attention.next;
    default:
      return printerDetail(t, printer);
  }
}
