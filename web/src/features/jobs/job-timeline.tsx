import { Text } from "@mantine/core";
import { StateGate } from "@/components/state-gate";
import classes from "@/features/jobs/job-page.module.css";
import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import { useJobEvents } from "@/lib/queries/jobs";
import { titleOf, toneOf, wordsOf } from "@/features/jobs/timeline";
import type { JobEvent } from "@/lib/wire";

function Event({ event, run }: { event: JobEvent; run: number | null }) {
  const { t, f } = useI18n();
  const now = useNow();
  const said = event.type === "job.requeued" ? null : wordsOf(event.body);
  return (
    <li className={classes["event"]} data-tone={toneOf(event.type)}>
      <time dateTime={event.occurred_at} className={`${classes["when"]} num`}>
        {f.moment(event.occurred_at, now)}
      </time>
      <span className={classes["bullet"]} aria-hidden />
      <span className={classes["what"]}>
        <b>{titleOf(t, event)}</b>
        {said !== null && <span> {said}</span>}
      </span>
      {run !== null && <span className={classes["run"]}>{t.job.run(run)}</span>}
    </li>
  );
}

/** What happened, newest first; whole percents are left to the bar. */
export function JobTimeline({ jobId }: { jobId: string }) {
  const { t } = useI18n();
  const query = useJobEvents(jobId);
  return (
    <StateGate query={query} what={t.job.timelineOf} rows={2}>
      {(events) => {
        const shown = events.filter((event) => event.type !== "job.progress").sort((a, b) => b.gseq - a.gseq);
        if (shown.length === 0) return <Text c="dimmed">{t.job.noEvents}</Text>;
        const runs = [...new Set([...shown].reverse().flatMap((event) => event.run_id ?? []))];
        return (
          <ol className={classes["timeline"]} role="list">
            {shown.map((event) => (
              <Event
                key={event.gseq}
                event={event}
                run={event.run_id === null ? null : runs.indexOf(event.run_id) + 1}
              />
            ))}
          </ol>
        );
      }}
    </StateGate>
  );
}
