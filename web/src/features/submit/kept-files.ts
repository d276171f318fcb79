import { clear, createStore, del, entries, get, set } from "idb-keyval";

const STORED = "layerline.files";
const KEPT_MS = 24 * 3600 * 1000;

interface Kept {
  file: File;
  atMs: number;
}

const store = createStore(STORED, "bytes");
const kept = new Set<string>();

/** Keep a file over a reload or a sign-in; where the browser keeps nothing it must be chosen again. */
export async function keepFile(id: string, file: File): Promise<void> {
  try {
    await set(id, { file, atMs: Date.now() } satisfies Kept, store);
    kept.add(id);
  } catch {
    kept.delete(id);
  }
}

export function isFileKept(id: string): boolean {
  return kept.has(id);
}

export async function keptFile(id: string): Promise<File | undefined> {
  try {
    const found = await get<Kept>(id, store);
    if (found !== undefined) kept.add(id);
    return found?.file;
  } catch {
    return undefined;
  }
}

export function dropFile(id: string): void {
  kept.delete(id);
  del(id, store).catch(() => undefined);
}

/** Forget what tabs left behind that were closed a day ago. */
export async function sweepFiles(): Promise<void> {
  try {
    for (const [id, found] of await entries<string, Kept>(store)) {
      if (Date.now() - found.atMs > KEPT_MS) await del(id, store);
    }
  } catch {
    // Nothing is kept here.
  }
}

export async function forgetFiles(): Promise<void> {
  kept.clear();
  await clear(store).catch(() => undefined);
}
