import { forgetTray } from "@/features/submit/tray-store";
import { forgetDrafts } from "@/lib/draft";

const STORED = "layerline.person";

async function forgetAll(): Promise<void> {
  forgetDrafts();
  await forgetTray();
}

/** Somebody is signed in here: what another person typed and chose in this tab goes. */
export function sitDown(personId: string): void {
  const before = sessionStorage.getItem(STORED);
  if (before !== null && before !== personId) void forgetAll();
  sessionStorage.setItem(STORED, personId);
}

/** This browser is signed out: what was typed and chosen goes, for someone else may sit down here. */
export function leave(): void {
  void forgetAll().finally(() => window.location.assign("/signin"));
}
