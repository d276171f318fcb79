/** What a code of the printer says, in a sentence, and what to do about it. */
export type Said = readonly [text: string, advice?: string];

/** A code's four-digit parts as numbers; null for what is none. */
export function partsOf(code: string): number[] | null {
  if (!/^[0-9A-F]{4}(-[0-9A-F]{4}){1,3}$/.test(code)) return null;
  return code.split("-").map((part) => Number.parseInt(part, 16));
}

export function hex(number: number, digits = 4): string {
  return number.toString(16).toUpperCase().padStart(digits, "0");
}
