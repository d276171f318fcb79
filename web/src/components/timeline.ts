import type { Catalogue } from "@/lib/i18n/en";
import type { Tone } from "@/lib/tones";
import type { Comment, JobEvent } from "@/lib/wire";

const TONES: Record<string, Tone> = {
  "job.approved": "good",
  "job.done": "good",
  "run.started": "accent",
  "run.resumed": "accent",
  "run.transferring": "accent",
  "run.starting": "accent",
  "job.claimed": "accent",
  "run.paused": "warn",
  "run.attention": "warn",
  "run.overdue": "warn",
  "job.returned": "warn",
  "job.failed": "bad",
  "job.rejected": "bad",
};

export function toneOf(type: string): Tone {
  return TONES[type] ?? "quiet";
}

/** What an event is called; being queued again is called by its cause. */
export function titleOf(t: Catalogue, event: Pick<JobEvent, "type" | "body">): string {
  const known = event.type === "job.requeued" ? t.requeued[String(event.body["reason"])] : t.events[event.type];
  return known ?? event.type;
}

export type TimelineEntry = { key: string; at: string } & (
  | { event: JobEvent; comment: null }
  | { event: null; comment: Comment }
);

/** Left to the bar, or told by what is put beside it. */
const LEFT_OUT: ReadonlySet<string> = new Set(["job.progress", "job.commented"]);
const TALK: ReadonlySet<string> = new Set(["job.returned", "job.submitted"]);

/** What happened and what was said in one line, newest first. */
export function entriesOf(
  events: readonly JobEvent[],
  comments: readonly Comment[],
  onlyTalk: boolean,
): TimelineEntry[] {
  const shown = events.filter(({ type }) => (onlyTalk ? TALK.has(type) : !LEFT_OUT.has(type)));
  const entries: TimelineEntry[] = [
    ...[...shown]
      .sort((a, b) => b.gseq - a.gseq)
      .map((event): TimelineEntry => ({ key: String(event.gseq), at: event.occurred_at, event, comment: null })),
    ...comments.map((comment): TimelineEntry => ({ key: comment.id, at: comment.created_at, event: null, comment })),
  ];
  return entries.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}
