import { partsOf, type Said } from "@/lib/i18n/machine/codes";
import { amsWords } from "@/lib/i18n/machine/de-ams";
import { errors } from "@/lib/i18n/machine/de-errors";
import { health } from "@/lib/i18n/machine/de-health";

/** A code that we don't know: its number, and where its maker writes about it. */
function unknown(code: string): Said | null {
  const parts = partsOf(code);
  if (parts === null) return null;
  if (parts.length === 2) {
    return [`Der Drucker meldet ${code}.`, `Schlag den Fehler ${code} in der App des Druckers oder im Wiki des Herstellers nach.`];
  }
  return [
    `Eine Meldung des Druckers über sich selbst: ${code}.`,
    `Schlag HMS_${code.replaceAll("-", "_")} im Wiki des Herstellers nach.`,
  ];
}

/** What a printer's code says, in German; null for what is no such code. */
export function machine(code: string): Said | null {
  return errors[code] ?? health[code] ?? amsWords(code) ?? unknown(code);
}
