import { Button, Group, Kbd, Stack, Text, Title } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { announce } from "@/components/announcer";
import { Age } from "@/components/age";
import { ErrorNote } from "@/components/error-note";
import { Filaments } from "@/components/filaments";
import { JobReview } from "@/components/job-review";
import { Missing } from "@/components/missing";
import { Note } from "@/components/note";
import { PlatePicture } from "@/components/plate-picture";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import { StatusChip } from "@/components/status-chip";
import classes from "@/features/approve/approve.module.css";
import { DecisionForm } from "@/features/approve/decision-form";
import { offerUndo, UNDO_S } from "@/features/approve/undo";
import { asApiError } from "@/lib/api/problem";
import { useI18n } from "@/lib/i18n/context";
import { useDecide, useJob, type Decision } from "@/lib/queries/jobs";
import type { Job } from "@/lib/wire";

type Writing = "none" | "reject" | "return";

function Facts({ job }: { job: Job }) {
  const { t, f } = useI18n();
  const facts = [
    job.estimate_s === null ? null : f.duration(job.estimate_s),
    job.weight_g === null ? null : f.grams(job.weight_g),
  ].filter((fact) => fact !== null);
  return (
    <div className={classes["facts"]}>
      <PlatePicture plate={job.plate} color={job.filaments[0]?.color} size={132} />
      <Stack gap="xs" className={classes["factWords"] ?? ""}>
        <Text>
          <b>{job.owner.name}</b>, <Age at={job.created_at} />
        </Text>
        <Text className="num" fz="lg" fw={600}>
          {facts.join(" · ")}
        </Text>
        <span>{t.jobs.plateOf(job.plate, job.copy_no)}</span>
        <Filaments spools={job.filaments} />
        {job.note !== null && job.note !== "" && <blockquote className={classes["quote"]}>{job.note}</blockquote>}
      </Stack>
    </div>
  );
}

/** Someone else was first: say who and what, and what can still be done. */
function Decided({ job, wasRefused }: { job: Job; wasRefused: boolean }) {
  const { t } = useI18n();
  return (
    <Note tone={wasRefused ? "warn" : "quiet"} icon={wasRefused ? IconAlertTriangle : IconCircleCheck} role="status">
      {wasRefused && <span>{t.approve.conflict}</span>}
      <StatusChip job={job} />
      {job.decided_by !== null && <span>{t.common.by(job.decided_by)}</span>}
      <Link to={`/jobs/${job.id}`}>{job.name}</Link>
    </Note>
  );
}

function Decide({ job, onDecided }: { job: Job; onDecided: () => void }) {
  const { t } = useI18n();
  const [writing, setWriting] = useState<Writing>("none");
  const decide = useDecide();
  const can = (action: Job["allowed_actions"][number]): boolean => job.allowed_actions.includes(action);

  const send = (decision: Decision, said: string): void =>
    decide.mutate(
      { job, decision },
      {
        onSuccess: (after) => {
          if (decision.kind === "approve") offerUndo(after);
          announce(said);
          onDecided();
        },
      },
    );
  const approve = (): void => send({ kind: "approve", undoS: UNDO_S }, t.approve.approved(job.name));
  useHotkeys([
    ["a", () => can("approve") && !decide.isPending && approve()],
    ["r", () => can("reject") && setWriting("reject")],
    ["b", () => can("return") && setWriting("return")],
  ]);

  if (job.status !== "submitted") {
    return <Decided job={job} wasRefused={asApiError(decide.error).status === 409 && decide.isError} />;
  }
  return (
    <Stack gap="md">
      <ErrorNote error={decide.error} />
      {writing === "none" ? (
        <Group gap="sm" className={classes["buttons"] ?? ""}>
          {can("approve") && (
            <ServerButton
              size="md"
              loading={decide.isPending}
              onClick={approve}
              rightSection={<Kbd size="xs">a</Kbd>}
            >
              {t.approve.approve}
            </ServerButton>
          )}
          {can("return") && (
            <Button size="md" variant="default" onClick={() => setWriting("return")} rightSection={<Kbd size="xs">b</Kbd>}>
              {t.approve.sendBack}
            </Button>
          )}
          {can("reject") && (
            <Button size="md" variant="default" onClick={() => setWriting("reject")} rightSection={<Kbd size="xs">r</Kbd>}>
              {t.approve.reject}
            </Button>
          )}
        </Group>
      ) : (
        <DecisionForm
          kind={writing}
          owner={job.owner.name}
          isSending={decide.isPending}
          onBack={() => setWriting("none")}
          onSend={(text) =>
            writing === "reject"
              ? send({ kind: "reject", reason: text }, t.approve.rejected(job.name))
              : send({ kind: "return", comment: text }, t.approve.sentBack(job.name))
          }
        />
      )}
    </Stack>
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
          <JobReview jobId={job.id} withPrinters />
          <div className={classes["decide"]}>
            <Decide job={job} onDecided={onDecided} />
          </div>
        </article>
      )}
    </StateGate>
  );
}
