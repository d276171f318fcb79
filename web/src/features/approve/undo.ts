import { undoChoice } from "@/lib/choices";
import { serverNow } from "@/lib/clock";
import { createStore } from "@/lib/store";
import type { Job } from "@/lib/wire";

/** Seconds in which an approval can be taken back before any printer may take the job. */
export const undoSeconds = { get: (): number => Number(undoChoice.get()) };

/** Approvals of this person that can still be taken back; they outlive the page. */
export const undoable = createStore<readonly Job[]>([]);

export function offerUndo(job: Job): void {
  undoable.set((before) => [...before.filter((other) => other.id !== job.id && isOpen(other)), job]);
}

export function closeUndo(jobId: string): void {
  undoable.set((before) => before.filter((job) => job.id !== jobId));
}

export function isOpen(job: Pick<Job, "not_before">, nowMs: number = serverNow()): boolean {
  return job.not_before !== null && Date.parse(job.not_before) > nowMs;
}
