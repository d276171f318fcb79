import { addFiles } from "@/features/submit/use-tray";
import { createStore } from "@/lib/store";

/** How many of the last files were too many at once. */
export const leftOut = createStore(0);

export function takeFiles(files: readonly File[]): void {
  leftOut.set(addFiles(files));
}
