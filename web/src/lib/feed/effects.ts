import type { Fact, Job } from "@/lib/wire";
import { keys } from "@/lib/api/keys";

export type Key = readonly unknown[];

/** What a person spent changes when a print ends. */
const ENDS: ReadonlySet<string> = new Set(["job.done", "job.failed", "job.cancelled", "run.resolved"]);

/** What is approved and not begun counts too. */
const DECIDES: ReadonlySet<string> = new Set(["job.approved", "job.approval_taken_back", "job.withdrawn"]);

const MINUTE_MS = 60_000;

function staleOfJob(fact: Fact): Key[] {
  const stale: Key[] = [keys.jobs.lists, keys.printers.all, keys.queues];
  if (fact.job_id !== null) stale.push(keys.jobs.detail(fact.job_id), keys.jobs.events(fact.job_id));
  // What is known of a run in doubt grows with each word of it, and ends with the doubt.
  if (fact.type.startsWith("run.") || ENDS.has(fact.type)) stale.push(keys.attention.all);
  if (fact.type === "job.commented" && fact.job_id !== null) stale.push(keys.jobs.comments(fact.job_id));
  if (ENDS.has(fact.type)) stale.push(keys.jobs.summaries);
  if (ENDS.has(fact.type) || DECIDES.has(fact.type)) stale.push(keys.quotas);
  return stale;
}

/** The cached lists and details that a fact makes stale; none for plain progress. */
export function staleKeys(fact: Fact): readonly Key[] {
  const [family] = fact.type.split(".");
  if (fact.type === "job.progress") return [];
  switch (family) {
    case "job":
    case "run":
      return staleOfJob(fact);
    case "queue":
      return [keys.queues, keys.jobs.lists, keys.jobs.details];
    case "artifact":
      return [fact.artifact_id === null ? keys.artifacts.all : keys.artifacts.detail(fact.artifact_id)];
    case "printer":
      // Why a job waits depends on what its printers are and have.
      return [keys.printers.all, keys.queues, keys.jobs.lists, keys.jobs.details, keys.jobs.reviews, keys.attention.all];
    case "command":
      return [
        fact.command_id === null ? keys.commands.all : keys.commands.detail(fact.command_id),
        keys.printers.all,
      ];
    case "node":
      return [keys.nodes, keys.printers.all];
    default:
      return [keys.printers.all];
  }
}

/** Return the job as `fact` (a job.progress of its run) leaves it; the same object if it is not meant. */
export function withProgress(job: Job, fact: Fact): Job {
  if (job.id !== fact.job_id || fact.percent === null) return job;
  if (job.run_id !== null && fact.run_id !== null && job.run_id !== fact.run_id) return job;
  if (job.percent !== null && fact.percent < job.percent) return job;
  const finishAt =
    fact.minutes_left === null
      ? job.finish_at
      : new Date(Date.parse(fact.occurred_at) + fact.minutes_left * MINUTE_MS).toISOString();
  return {
    ...job,
    percent: fact.percent,
    layer: fact.layer ?? job.layer,
    total_layers: fact.total_layers ?? job.total_layers,
    minutes_left: fact.minutes_left,
    finish_at: finishAt,
    stale_since: null,
  };
}
