import type { Catalogue } from "@/lib/i18n/en";
import type { Job, Printer } from "@/lib/wire";

export type PrinterState = keyof Catalogue["printers"]["state"];

/** A printer with a run: what the run is, is what the printer is. */
function busyState(job: Job): PrinterState {
  if (job.status === "attention") return "attention";
  return job.phase === "paused" ? "paused" : "printing";
}

/** The one word for a printer: what a person should know or do first. */
export function printerState(printer: Printer): PrinterState {
  if (!printer.is_online) return "offline";
  if (printer.current_job !== null) return busyState(printer.current_job);
  if (["printing", "busy", "paused"].includes(printer.activity)) return "busy";
  if (printer.bed.state !== "clear") return "bed";
  if (printer.activity === "failed" && printer.code !== null) return "error";
  return "ready";
}

const NEED: readonly PrinterState[] = ["attention", "bed", "error", "paused", "printing", "busy", "ready", "offline"];

/** Printers that need a person first, then by name. */
export function byNeed(a: Printer, b: Printer): number {
  const difference = NEED.indexOf(printerState(a)) - NEED.indexOf(printerState(b));
  return difference !== 0 ? difference : a.name.localeCompare(b.name);
}

/** The bed question can only be answered about a machine that is heard and stands still. */
export function bedAnswer(printer: Printer): "possible" | "busy" | "no_word" {
  if (!printer.is_online) return "no_word";
  const isMoving = ["printing", "paused", "busy"].includes(printer.activity);
  return isMoving ? "busy" : "possible";
}

/** Whether this person is asked for the bed: not while the machine moves, or nothing is heard of it. */
export function isBedToClear(printer: Printer): boolean {
  return printer.allowed_actions.includes("clear_bed") && printerState(printer) === "bed";
}

/** Whether the bed is asked after: its panel then shows the camera's picture. */
export function asksForBed(printer: Printer): boolean {
  return printer.bed.state !== "clear" && printer.current_job === null;
}
