import { dropFile, forgetFiles, keepFile } from "@/features/submit/kept-files";
import { isKept, keptOf, trayAfter, type Kept, type Tray, type TrayEvent } from "@/features/submit/tray-state";
import { createStore } from "@/lib/store";

/** Lives outside of React: uploads go on while you browse. */
export const tray = createStore<Tray>([]);
const files = new Map<string, File>();
const STORED = "layerline.tray";

function keep(entries: Tray): void {
  const kept = entries.filter(isKept).map(keptOf);
  if (kept.length === 0) sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, JSON.stringify(kept));
}

/** The bytes are needed until they have been handed over. */
function needsNoFile(event: TrayEvent): event is TrayEvent & { id: string } {
  return event.type === "removed" || (event.type === "artifact" && event.artifact.state !== "uploading");
}

export function change(event: TrayEvent): void {
  tray.set((before) => trayAfter(before, event));
  if (event.type !== "progress") keep(tray.get());
  if (needsNoFile(event)) {
    files.delete(event.id);
    dropFile(event.id);
  }
}

/** What was in this tab's tray before the page was left. */
export function storedTray(): readonly Kept[] {
  const stored = sessionStorage.getItem(STORED);
  return stored === null ? [] : (JSON.parse(stored) as Kept[]);
}

export async function forgetTray(): Promise<void> {
  tray.set([]);
  sessionStorage.removeItem(STORED);
  await forgetFiles();
}

export function rememberFile(id: string, file: File): void {
  files.set(id, file);
}

/** A file that will be sent: it outlives the page. */
export function takeFile(id: string, file: File): void {
  rememberFile(id, file);
  void keepFile(id, file);
}

export function fileOf(id: string): File | undefined {
  return files.get(id);
}
