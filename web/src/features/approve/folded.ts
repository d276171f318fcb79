import { useState } from "react";
import { createStore } from "@/lib/store";
import type { Job } from "@/lib/wire";

/** A row of the work list; a folded one was decided elsewhere while it was shown. */
export interface Row {
  job: Job;
  isFolded: boolean;
}

/** What this page decides itself goes without a trace: the undo bar tells of it. */
const decidedHere = createStore<ReadonlySet<string>>(new Set());

export function decidesHere(ids: readonly string[]): void {
  decidedHere.set((before) => new Set([...before, ...ids]));
}

/** It was not made: whoever was first is told in the row. */
export function didNotDecide(ids: readonly string[]): void {
  decidedHere.set((before) => new Set([...before].filter((id) => !ids.includes(id))));
}

/** The list as it is now; rows that left it stay, folded, behind the one that they stood behind. */
export function withFolded(before: readonly Row[], jobs: readonly Job[], own: ReadonlySet<string>): Row[] {
  const waiting = new Set(jobs.map((job) => job.id));
  const behind = new Map<string | null, Row[]>();
  let last: string | null = null;
  for (const row of before) {
    if (waiting.has(row.job.id)) last = row.job.id;
    else if (!own.has(row.job.id)) behind.set(last, [...(behind.get(last) ?? []), { ...row, isFolded: true }]);
  }
  return [
    ...(behind.get(null) ?? []),
    ...jobs.flatMap((job) => [{ job, isFolded: false }, ...(behind.get(job.id) ?? [])]),
  ];
}

/** The rows to show. Folded ones go when another job is opened: not by themselves, under a finger. */
export function useRows(jobs: readonly Job[], openId: string | undefined): readonly Row[] {
  const [seen, setSeen] = useState({ jobs, openId, rows: withFolded([], jobs, new Set()) });
  if (seen.jobs === jobs && seen.openId === openId) return seen.rows;
  const kept = seen.openId === openId ? seen.rows : seen.rows.filter((row) => !row.isFolded || row.job.id === openId);
  const rows = withFolded(kept, jobs, decidedHere.get());
  setSeen({ jobs, openId, rows });
  return rows;
}
