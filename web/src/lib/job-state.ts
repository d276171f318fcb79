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

/** Nothing more happens to it. */
export function hasEnded(job: Pick<Job, "status">): boolean {
  return ENDED.has(job.status);
}

/** Grouped by who moves next. */
export function groupOf(job: Pick<Job, "status" | "allowed_actions">): Group {
  if (hasEnded(job)) return "history";
  if (job.status === "returned" || job.allowed_actions.includes("resolve")) return "needsYou";
  return "now";
}

const ORDER: readonly string[] = ["attention", "printing", "cancelling", "queued", "submitted", "returned"];

/** What moves stands above what waits; among equals the older first. */
export function byMovement(a: Job, b: Job): number {
  const difference = ORDER.indexOf(a.status) - ORDER.indexOf(b.status);
  return difference !== 0 ? difference : a.created_at.localeCompare(b.created_at);
}

/** A run with something to measure: before the first layer there is none. */
export function hasProgress(job: Pick<Job, "status" | "phase" | "percent" | "layer">): boolean {
  if (job.percent === null) return false;
  if (job.phase === "paused" || job.status === "cancelling") return true;
  return job.phase === "printing" && (job.percent > 0 || (job.layer ?? 0) > 0);
}
