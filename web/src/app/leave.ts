import { forgetTray } from "@/features/submit/tray-store";
import { forgetDrafts } from "@/lib/draft";

/** This browser is signed out: what was typed and chosen goes, for someone else may sit down here. */
export function leave(): void {
  forgetTray();
  forgetDrafts();
  window.location.assign("/signin");
}
