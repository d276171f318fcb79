import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import type { Format } from "@/lib/format";
import type { Catalogue } from "@/lib/i18n/en";
import { shownState } from "@/lib/job-state";
import { reasonText } from "@/lib/reasons";
import { jobReason } from "@/lib/server-words";
import type { Job } from "@/lib/wire";

function queuedWords(t: Catalogue, f: Format, job: Job, nowMs: number): string {
  const undoS = job.not_before === null ? 0 : Math.floor((Date.parse(job.not_before) - nowMs) / 1000);
  return undoS > 0 ? t.jobs.undoLeft(f.duration(undoS)) : (job.wait_reason === null ? t.status.queued.next : reasonText(t, f, job.wait_reason));
}

/** The one sentence that says what happens next, or who wants what; null if the bar says it. */
export function useJobWords(job: Job): string | null {
  const { t, f } = useI18n();
  const now = useNow();
  switch (job.status) {
    case "submitted":
      return t.jobs.someoneLooks;
    case "returned":
    case "rejected":
      return job.reason === null ? t.status[job.status].next : t.said.by(job.decided_by ?? "", job.reason);
    case "queued":
      return queuedWords(t, f, job, now);
    case "printing":
      return shownState(job) === "printing" ? null : (jobReason(t, job) ?? t.status[shownState(job)].next);
    case "attention":
    case "cancelling":
      return t.status[job.status].next;
    default:
      return jobReason(t, job);
  }
}
