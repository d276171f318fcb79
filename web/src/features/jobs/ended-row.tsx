import { memo } from "react";
import { Link } from "react-router";
import { StatusChip } from "@/components/status-chip";
import { Again } from "@/features/jobs/again";
import classes from "@/features/jobs/jobs.module.css";
import { cutMiddle } from "@/lib/format";
import { useI18n } from "@/lib/i18n/context";
import type { Job } from "@/lib/wire";

const NAME_MAX = 36;

/** What stands in a line of history: when, what, how it ended, how much. */
export const EndedRow = memo(function EndedRow({ job }: { job: Job }) {
  const { t, f } = useI18n();
  const ended = job.ended_at ?? job.decided_at ?? job.created_at;
  const tookS =
    job.started_at !== null && job.ended_at !== null
      ? (Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000
      : null;
  const facts = [
    t.jobs.plateOf(job.plate, job.copy_no),
    job.printer?.name ?? null,
    tookS === null ? null : f.duration(tookS),
    job.weight_g === null || job.status !== "done" ? null : f.grams(job.weight_g),
  ].filter((fact) => fact !== null);
  return (
    <>
      <time dateTime={ended} className={`${classes["date"]} num`}>
        {f.day(ended)}
      </time>
      <Link to={`/jobs/${job.id}`} className={classes["name"]} title={job.name}>
        {cutMiddle(job.name, NAME_MAX)}
      </Link>
      <span className={`${classes["endedFacts"]} num`}>{facts.join(" · ")}</span>
      <StatusChip job={job} />
      <Again job={job} />
    </>
  );
});
