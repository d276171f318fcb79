import { createStore, type Store } from "@/lib/store";

const PREFIX = "layerline.";

/** A choice of this browser, kept over reloads. */
function kept<T extends string>(name: string, values: readonly [T, ...T[]]): Store<T> {
  const stored = localStorage.getItem(PREFIX + name);
  const store = createStore<T>(values.find((value) => value === stored) ?? values[0]);
  store.subscribe(() => localStorage.setItem(PREFIX + name, store.get()));
  return store;
}

/** Seconds in which an approval can be taken back before any printer may take the job. */
export const UNDO_CHOICES = ["8", "20", "60"] as const;
export const undoChoice = kept("undo", UNDO_CHOICES);

/** Whether letters act as shortcuts. */
export const keysChoice = kept("keys", ["on", "off"]);
