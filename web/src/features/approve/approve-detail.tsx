import { Stack, Text, Title } from "@mantine/core";
import { Age } from "@/components/age";
import { Filaments } from "@/components/filaments";
import { JobReview } from "@/components/job-review";
import { Missing } from "@/components/missing";
import { PlatePicture } from "@/components/plate-picture";
import { PreviewButton } from "@/components/preview/preview-button";
import { StateGate } from "@/components/state-gate";
import classes from "@/features/approve/approve.module.css";
import { Decide } from "@/features/approve/decide";
import { asApiError } from "@/lib/api/problem";
import { useI18n } from "@/lib/i18n/context";
import { useJob } from "@/lib/queries/jobs";
import type { Job } from "@/lib/wire";

/** What its owner changed after it was sent back. */
function Changed({ job, before }: { job: Job; before: NonNullable<Job["earlier"]> }) {
  const { t, f } = useI18n();
  const pairs = [
    before.estimate_s === null || job.estimate_s === null
      ? null
      : t.approval.earlier(f.duration(before.estimate_s), f.duration(job.estimate_s)),
    before.weight_g === null || job.weight_g === null
      ? null
      : t.approval.earlier(f.grams(before.weight_g), f.grams(job.weight_g)),
  ].filter((pair) => pair !== null);
  return (
    <Text className="num">
      <b>{t.approval.changed}</b> {pairs.join(" · ")}
    </Text>
  );
}

function Facts({ job }: { job: Job }) {
  const { t, f } = useI18n();
  const facts = [
    job.estimate_s === null ? null : f.duration(job.estimate_s),
    job.weight_g === null ? null : f.grams(job.weight_g),
  ].filter((fact) => fact !== null);
  return (
    <div className={classes["facts"]}>
      <PlatePicture artifactId={job.artifact_id} plate={job.plate} color={job.filaments[0]?.color} size={132} />
      <Stack gap="xs" className={classes["factWords"] ?? ""}>
        <Text>
          <b>{job.owner.name}</b>, <Age at={job.created_at} />
        </Text>
        <Text className="num" fz="lg" fw={600}>
          {facts.join(" · ")}
        </Text>
        <span>{t.jobs.plateOf(job.plate, job.copy_no)}</span>
        <Filaments spools={job.filaments} />
        <PreviewButton job={job} />
        {job.wish !== null && <Text>{t.approval.wish(job.wish)}</Text>}
        {job.earlier !== null && <Changed job={job} before={job.earlier} />}
        {job.note !== null && job.note !== "" && <blockquote className={classes["quote"]}>{job.note}</blockquote>}
      </Stack>
    </div>
  );
}

export function ApproveDetail({ jobId, onDecided }: { jobId: string; onDecided: () => void }) {
  const { t } = useI18n();
  const query = useJob(jobId);
  if (query.isError && [404, 422].includes(asApiError(query.error).status)) {
    return <Missing title={t.notFound.job} text={t.notFound.jobHint} />;
  }
  return (
    <StateGate query={query} what={t.job.what} rows={1}>
      {(job) => (
        <article className={classes["detail"]} aria-labelledby="approve-job">
          <Title order={2} id="approve-job" className={classes["jobName"] ?? ""}>
            {job.name}
          </Title>
          <Facts job={job} />
          <JobReview jobId={job.id} withPrinters withQuota={job.status === "submitted"} />
          <Decide job={job} onDecided={onDecided} />
        </article>
      )}
    </StateGate>
  );
}
