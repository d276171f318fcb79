import { Anchor, Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { Camera } from "@/components/camera";
import { CommentForm } from "@/components/comment-form";
import { JobActions } from "@/components/job-actions";
import { PrintControls } from "@/components/print-controls";
import { JobReview } from "@/components/job-review";
import { Missing } from "@/components/missing";
import { PageTitle } from "@/components/page-title";
import { ProgressLine } from "@/components/progress-line";
import { RunSteps } from "@/components/run-steps";
import { StateGate } from "@/components/state-gate";
import { StatusChip } from "@/components/status-chip";
import { Again } from "@/features/jobs/again";
import { BringBack } from "@/features/jobs/bring-back";
import { FollowJob } from "@/features/jobs/follow-job";
import { JobFacts } from "@/features/jobs/job-facts";
import classes from "@/features/jobs/job-page.module.css";
import { JobTimeline } from "@/components/job-timeline";
import { Trouble } from "@/features/jobs/trouble";
import { useJobWords } from "@/features/jobs/words";
import { asApiError } from "@/lib/api/problem";
import { useI18n } from "@/lib/i18n/context";
import { hasEnded, hasProgress, shownState } from "@/lib/job-state";
import { isBedToClear } from "@/lib/printer-state";
import { useJob } from "@/lib/queries/jobs";
import { useMe } from "@/lib/queries/me";
import { usePrinters } from "@/lib/queries/printers";
import type { Job } from "@/lib/wire";

/** Before a printer has it: which one could is still open. */
const WAITING: ReadonlySet<Job["status"]> = new Set(["submitted", "returned", "queued"]);

/** Seconds from start to end of a job that is done; null otherwise. */
function tookSeconds(job: Job): number | null {
  if (job.status !== "done" || job.started_at === null || job.ended_at === null) return null;
  return (Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000;
}

/** What the camera of the printer that prints it sees, for those who may look. */
function Picture({ job }: { job: Job }) {
  const printers = usePrinters();
  const printer = printers.data?.find(({ current_job }) => current_job?.id === job.id);
  if (printer === undefined || !printer.allowed_actions.includes("camera")) return null;
  return (
    <div className={classes["camera"]}>
      <Camera printer={printer} />
    </div>
  );
}

function Now({ job }: { job: Job }) {
  const { t, f } = useI18n();
  const words = useJobWords(job);
  const took = tookSeconds(job);
  const said = took === null ? words : t.said.printedIn(f.duration(took));
  const isPaused = job.phase === "paused";
  const next = isPaused && !job.allowed_actions.includes("resume") ? t.job.othersResume : t.status[shownState(job)].next;
  if (job.status === "attention") return <JobActions job={job} />;
  const hasBar = hasProgress(job) || ["failed", "cancelled"].includes(job.status);
  return (
    <section className={classes["card"]} aria-label={t.job.whatNow}>
      {hasBar ? <ProgressLine job={job} size="lg" /> : <RunSteps job={job} withText />}
      <Picture job={job} />
      {job.status !== "failed" && !isPaused && <Said text={said} />}
      {next !== said && job.status !== "done" && <Text c="dimmed">{next}</Text>}
      <BedHint job={job} />
      <JobActions job={job} />
      <Once job={job} />
      <PrintControls job={job} />
    </section>
  );
}

/** The part still lies in the machine, and this person may say when it is gone. */
function BedHint({ job }: { job: Job }) {
  const { t } = useI18n();
  const printers = usePrinters();
  const printer = printers.data?.find(({ bed }) => bed.last_job?.id === job.id && bed.state !== "clear");
  if (printer === undefined || !hasEnded(job)) return null;
  return (
    <>
      {job.status === "done" && <Text c="dimmed">{t.status.done.next}</Text>}
      {isBedToClear(printer) && (
        <div>
          <Button component={Link} to={`/printers/${printer.id}`}>
            {t.jobs.lookAndClear}
          </Button>
        </div>
      )}
    </>
  );
}

/** One's own: once more as it was, or changed. */
function Once({ job }: { job: Job }) {
  const me = useMe();
  if (job.owner.id !== me.data?.id || !(hasEnded(job) || job.status === "returned")) return null;
  return (
    <Group gap="sm">
      {hasEnded(job) && <Again job={job} />}
      <BringBack job={job} size="compact-sm" />
    </Group>
  );
}

function Said({ text }: { text: string | null }) {
  return text === null ? null : <Text>{text}</Text>;
}

function Head({ job }: { job: Job }) {
  const { t } = useI18n();
  return (
    <header className={classes["head"]}>
      <PageTitle text={job.name} tab={hasProgress(job) ? `${job.percent ?? 0} % ${job.name}` : undefined} />
      <StatusChip job={job} />
      {job.printer !== null && (
        <Anchor component={Link} to={`/printers/${job.printer.id}`}>
          {t.said.on(job.printer.name)}
        </Anchor>
      )}
    </header>
  );
}

function Section(props: { id: string; title: string; children: ReactNode }) {
  return (
    <section className={classes["card"]} aria-labelledby={props.id}>
      <Title order={2} size="h3" id={props.id}>
        {props.title}
      </Title>
      {props.children}
    </section>
  );
}

export function JobPage() {
  const { t } = useI18n();
  const { id = "" } = useParams();
  const query = useJob(id);
  if ([403, 404, 422].includes(asApiError(query.error).status) && query.isError) {
    return <Missing title={t.notFound.job} text={t.notFound.jobHint} />;
  }
  return (
    <Stack gap="lg">
      <Anchor component={Link} to="/jobs" className={classes["back"] ?? ""}>
        <IconArrowLeft size={16} aria-hidden /> {t.jobs.title}
      </Anchor>
      <StateGate query={query} what={t.job.what}>
        {(job) => (
          <>
            <Head job={job} />
            <div className={classes["columns"]}>
              <Stack gap="lg" className={classes["left"] ?? ""}>
                <Trouble job={job} />
                <Now job={job} />
                <Section id="job-review" title={t.review.title}>
                  <JobReview jobId={job.id} withPrinters={WAITING.has(job.status)} withQuota={job.status === "submitted"} />
                </Section>
                <Section id="job-timeline" title={t.job.timeline}>
                  <CommentForm jobId={job.id} />
                  <JobTimeline jobId={job.id} />
                </Section>
              </Stack>
              <Section id="job-facts" title={t.job.facts}>
                <JobFacts job={job} />
                <FollowJob job={job} />
              </Section>
            </div>
          </>
        )}
      </StateGate>
    </Stack>
  );
}
