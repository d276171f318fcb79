import type { Said } from "@/lib/i18n/machine/codes";

export interface ServerWords {
  /** Why a file was refused, by its code. */
  refusals: Readonly<Record<string, string>>;
  /** Why something can't be done, by the last part of the problem's type or the status. */
  problems: Readonly<Record<string, string>>;
  /** What nodes and services say, by the sentence's code, with places for its values. */
  sentences: Readonly<Record<string, string>>;
  /** Why a run was given back before its start. */
  released: Readonly<Record<string, string>>;
  /** What the printer says, by the maker's code; null for what is no such code. */
  machine: (code: string) => Said | null;
}

/** The server speaks English itself, with the values of the case: nothing stands in for it. */
export const server: ServerWords = { refusals: {}, problems: {}, sentences: {}, released: {}, machine: () => null };
