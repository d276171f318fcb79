import type { Printer } from "@/lib/wire";

/** The queue's printers that have all of these filament types loaded; null if none says what it has. */
export function printersWith(
  printers: readonly Printer[],
  queue: string,
  types: readonly string[],
): readonly Printer[] | null {
  const speaking = printers.filter((printer) => printer.queue === queue && printer.is_online && printer.loaded !== null);
  if (speaking.length === 0) return null;
  return speaking.filter((printer) =>
    types.every((type) => printer.loaded?.filaments.some((filament) => filament.type === type || filament.type === "")),
  );
}
