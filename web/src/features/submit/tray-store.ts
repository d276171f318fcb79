import { createStore } from "@/lib/store";
import { newEntry, trayAfter, type Entry, type InsteadOf, type Tray, type TrayEvent } from "@/features/submit/tray-state";
import type { Artifact } from "@/lib/wire";

/** Lives outside of React: uploads go on while you browse. */
export const tray = createStore<Tray>([]);
const files = new Map<string, File>();
const STORED = "layerline.tray";

interface Kept {
  id: string;
  filename: string;
  size: number;
  artifact: Artifact;
  copies: Record<number, number>;
  note: string;
  wish?: string;
  instead?: InsteadOf | null;
}

function isKept(entry: Entry): boolean {
  return entry.artifact !== null && (entry.stage === "checking" || entry.stage === "ready");
}

function keep(entries: Tray): void {
  const kept = entries.filter(isKept).map(({ id, filename, size, artifact, copies, note, wish, instead }) => ({
    id, filename, size, artifact, copies, note, wish, instead,
  }));
  if (kept.length === 0) sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, JSON.stringify(kept));
}

export function change(event: TrayEvent): void {
  tray.set((before) => trayAfter(before, event));
  if (event.type !== "progress") keep(tray.get());
}

/** What was chosen and noted survives a reload; bytes on their way do not. */
export function restoreTray(): void {
  const stored = sessionStorage.getItem(STORED);
  if (stored === null || tray.get().length > 0) return;
  const kept = JSON.parse(stored) as Kept[];
  change({
    type: "restored",
    entries: kept.map((entry) => ({
      ...newEntry(entry.id, entry.filename, entry.size),
      stage: "checking",
      artifact: entry.artifact,
      copies: entry.copies,
      note: entry.note,
      wish: entry.wish ?? "",
      instead: entry.instead ?? null,
    })),
  });
}

export function forgetTray(): void {
  sessionStorage.removeItem(STORED);
}

export function rememberFile(id: string, file: File): void {
  files.set(id, file);
}

export function fileOf(id: string): File | undefined {
  return files.get(id);
}

export function removeEntry(id: string): void {
  files.delete(id);
  change({ type: "removed", id });
}
