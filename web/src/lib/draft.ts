import { useState } from "react";

const PREFIX = "layerline.draft.";

type Fields = Record<string, unknown>;

/** The stored fields over the initial ones, as far as they are of the same kind. */
export function restored<T extends Fields>(initial: T, stored: string | null): T {
  if (stored === null) return initial;
  let parsed: unknown;
  try {
    parsed = JSON.parse(stored);
  } catch {
    return initial;
  }
  if (typeof parsed !== "object" || parsed === null) return initial;
  const kept = Object.entries(parsed).filter(
    ([key, value]) => typeof initial[key] === typeof value && Array.isArray(initial[key]) === Array.isArray(value),
  );
  return { ...initial, ...Object.fromEntries(kept) };
}

/** What is typed into a form, kept in this tab over a sign-in or a reload until it is sent. */
export function useDraft<T extends Fields>(name: string, initial: T): [T, (change: Partial<T>) => void, () => void] {
  const key = PREFIX + name;
  const [draft, setDraft] = useState(() => restored(initial, sessionStorage.getItem(key)));
  const change = (part: Partial<T>): void => {
    const after = { ...draft, ...part };
    setDraft(after);
    sessionStorage.setItem(key, JSON.stringify(after));
  };
  const clear = (): void => {
    sessionStorage.removeItem(key);
    setDraft(initial);
  };
  return [draft, change, clear];
}

/** Forget what was typed: someone else may sign in here. */
export function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}

/** Whether something was typed into this form and not sent. */
export function hasDraft(name: string): boolean {
  return sessionStorage.getItem(PREFIX + name) !== null;
}
