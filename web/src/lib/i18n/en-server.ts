/** The server speaks English itself, with the values of the case: nothing stands in for it. */
export const server: {
  /** Why a file was refused, by its code. */
  refusals: Readonly<Record<string, string>>;
  /** Why something can't be done, by the last part of the problem's type or the status. */
  problems: Readonly<Record<string, string>>;
} = { refusals: {}, problems: {} };
