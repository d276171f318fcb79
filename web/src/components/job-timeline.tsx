import { Text } from "@mantine/core";
import { StateGate } from "@/components/state-gate";
import classes from "@/components/timeline.module.css";
import { entriesOf, titleOf, toneOf, type TimelineEntry } from "@/components/timeline";
import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import { useJobEvents } from "@/lib/queries/jobs";
import { useComments } from "@/lib/queries/talk";
import { eventWords } from "@/lib/server-words";
import type { Comment, JobEvent } from "@/lib/wire";

function When({ at }: { at: string }) {
  const { f } = useI18n();
  const now = useNow();
  return (
    <time dateTime={at} className={`${classes["when"]} num`}>
      {f.moment(at, now)}
    </time>
  );
}

function Event({ event, run }: { event: JobEvent; run: number | null }) {
  const { t } = useI18n();
  const said = event.type === "job.requeued" ? null : eventWords(t, event);
  return (
    <li className={classes["event"]} data-tone={toneOf(event.type)}>
      <When at={event.occurred_at} />
      <span className={classes["bullet"]} aria-hidden />
      <span className={classes["what"]}>
        <b>{titleOf(t, event)}</b>
        {said !== null && <span> {said}</span>}
      </span>
      {run !== null && <span className={classes["run"]}>{t.job.run(run)}</span>}
    </li>
  );
}

function Said({ comment }: { comment: Comment }) {
  return (
    <li className={classes["event"]} data-tone="accent">
      <When at={comment.created_at} />
      <span className={classes["bullet"]} aria-hidden />
      <span className={classes["what"]}>
        <b>{comment.author.name}</b>
        <div className={classes["said"]}>{comment.text}</div>
      </span>
    </li>
  );
}

function Entry({ entry, runs }: { entry: TimelineEntry; runs: readonly string[] }) {
  if (entry.comment !== null) return <Said comment={entry.comment} />;
  const { event } = entry;
  return <Event event={event} run={event.run_id === null ? null : runs.indexOf(event.run_id) + 1} />;
}

/** What happened and what was said, newest first; with `onlyTalk` what people told each other. */
export function JobTimeline({ jobId, onlyTalk = false }: { jobId: string; onlyTalk?: boolean }) {
  const { t } = useI18n();
  const query = useJobEvents(jobId);
  const comments = useComments(jobId);
  return (
    <StateGate query={query} what={onlyTalk ? t.talk.what : t.job.timelineOf} rows={2}>
      {(events) => {
        const shown = entriesOf(events, comments.data ?? [], onlyTalk);
        if (shown.length === 0) return <Text c="dimmed">{onlyTalk ? t.talk.none : t.job.noEvents}</Text>;
        const runs = [...new Set(events.flatMap((event) => event.run_id ?? []))];
        return (
          <ol className={classes["timeline"]} role="list">
            {shown.map((entry) => (
              <Entry key={entry.key} entry={entry} runs={runs} />
            ))}
          </ol>
        );
      }}
    </StateGate>
  );
}
