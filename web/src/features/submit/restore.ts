import { keptFile, sweepFiles } from "@/features/submit/kept-files";
import { change, rememberFile, storedTray, tray } from "@/features/submit/tray-store";
import { restoredEntry } from "@/features/submit/tray-state";
import { startUpload } from "@/features/submit/uploader";

async function goOn(id: string): Promise<void> {
  const file = await keptFile(id);
  if (file === undefined) change({ type: "failed", id, fault: { kind: "gone" } });
  else {
    rememberFile(id, file);
    startUpload(id);
  }
}

/** After a reload or a sign-in: what was chosen and noted is there again, and uploads go on. */
export function restoreTray(): void {
  const stored = storedTray();
  if (stored.length === 0 || tray.get().length > 0) return;
  const entries = stored.map(restoredEntry);
  change({ type: "restored", entries });
  for (const { id, stage } of entries) if (stage === "waiting") void goOn(id);
  void sweepFiles();
}
