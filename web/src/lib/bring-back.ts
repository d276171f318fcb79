import type { Job } from "@/lib/wire";

type Taker = (job: Job) => Promise<void>;

let taker: Taker | null = null;

/** Whoever keeps the tray takes jobs back into it. */
export function takeBack(by: Taker): void {
  taker = by;
}

/** Put a job's file into the tray once more; nothing is uploaded. */
export async function bringBack(job: Job): Promise<void> {
  await taker?.(job);
}
