import { Button, Text } from "@mantine/core";
import { memo } from "react";
import { Link } from "react-router";
import { Filaments } from "@/components/filaments";
import { JobActions } from "@/components/job-actions";
import { PlatePicture } from "@/components/plate-picture";
import { ProgressLine } from "@/components/progress-line";
import { RunSteps } from "@/components/run-steps";
import { StatusChip } from "@/components/status-chip";
import { BringBack } from "@/features/jobs/bring-back";
import classes from "@/features/jobs/jobs.module.css";
import { useJobWords } from "@/features/jobs/words";
import { cutMiddle } from "@/lib/format";
import { useI18n } from "@/lib/i18n/context";
import { hasProgress } from "@/lib/job-state";
import type { Job } from "@/lib/wire";

const NAME_MAX = 40;

function JobFacts({ job }: { job: Job }) {
  const { t, f } = useI18n();
  const facts = [
    t.jobs.plateOf(job.plate, job.copy_no),
    job.printer?.name ?? null,
    job.estimate_s === null ? null : f.duration(job.estimate_s),
    job.weight_g === null ? null : f.grams(job.weight_g),
  ].filter((fact) => fact !== null);
  return (
    <div className={`${classes["facts"]} num`}>
      <span>{facts.join(" · ")}</span>
      <Filaments spools={job.filaments} />
    </div>
  );
}

/** What stands in the row of a job that waits or moves: what it is, how far it is, what happens next. */
export const JobRow = memo(function JobRow({ job }: { job: Job }) {
  const { t } = useI18n();
  const words = useJobWords(job);
  return (
    <>
      <PlatePicture artifactId={job.artifact_id} plate={job.plate} color={job.filaments[0]?.color} size={64} />
      <div className={classes["main"]}>
        <div className={classes["top"]}>
          <Link to={`/jobs/${job.id}`} className={classes["name"]} title={job.name}>
            {cutMiddle(job.name, NAME_MAX)}
          </Link>
          <StatusChip job={job} />
        </div>
        <JobFacts job={job} />
        {hasProgress(job) ? <ProgressLine job={job} /> : <RunSteps job={job} />}
        {words !== null && (
          <Text size="sm" className={classes["words"] ?? ""}>
            {words}
          </Text>
        )}
      </div>
      <div className={classes["actions"]}>
        {job.allowed_actions.includes("resolve") && (
          <Button component={Link} to={`/jobs/${job.id}`} size="xs">
            {t.attention.decide}
          </Button>
        )}
        {job.status === "returned" && <BringBack job={job} size="xs" />}
        <JobActions job={job} size="xs" />
      </div>
    </>
  );
});
