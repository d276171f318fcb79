import type { Catalogue } from "@/lib/i18n/en";
import type { Job } from "@/lib/wire";

/** What a chip says: the status, or within printing the run's phase. */
export type ShownState = keyof Catalogue["status"];

const PHASES: ReadonlySet<string> = new Set(["claimed", "transferring", "starting", "paused"]);

export function shownState(job: Pick<Job, "status" | "phase">): ShownState {
  if (job.status === "printing" && job.phase !== null && PHASES.has(job.phase)) {
    return job.phase as ShownState;
  }
  return job.status;
}

export type Group = "needsYou" | "now" | "history";

const ENDED: ReadonlySet<string> = new Set(["done", "failed", "cancelled", "rejected", "withdrawn"]);

/** Grouped by who moves next. */
export function groupOf(job: Pick<Job, "status" | "allowed_actions">): Group {
  if (ENDED.has(job.status)) return "history";
  if (job.status === "returned" || job.allowed_actions.includes("resolve")) return "needsYou";
  return "now";
}

const ORDER: readonly string[] = ["attention", "printing", "cancelling", "queued", "submitted", "returned"];

/** What moves stands above what waits; among equals the older first. */
export function byMovement(a: Job, b: Job): number {
  const difference = ORDER.indexOf(a.status) - ORDER.indexOf(b.status);
  return difference !== 0 ? difference : a.created_at.localeCompare(b.created_at);
}

/** A run that is past the order to start and has a percent of its own. */
export function hasProgress(job: Pick<Job, "status" | "phase" | "percent">): boolean {
  const isOnPrinter = job.phase === "printing" || job.phase === "paused" || job.status === "cancelling";
  return isOnPrinter && job.percent !== null;
}
