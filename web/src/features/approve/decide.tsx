import { Button, Group, Kbd, Stack } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { Link } from "react-router";
import { Age } from "@/components/age";
import { announce } from "@/components/announcer";
import { CommentForm } from "@/components/comment-form";
import { ErrorNote } from "@/components/error-note";
import { JobTimeline } from "@/components/job-timeline";
import { Note } from "@/components/note";
import { ServerButton } from "@/components/server-button";
import { StatusChip } from "@/components/status-chip";
import classes from "@/features/approve/approve.module.css";
import { DecisionForm } from "@/features/approve/decision-form";
import { decidesHere, didNotDecide } from "@/features/approve/folded";
import { offerUndo, undoSeconds } from "@/features/approve/undo";
import { asApiError } from "@/lib/api/problem";
import { useI18n } from "@/lib/i18n/context";
import { useDecide, type Decision } from "@/lib/queries/jobs";
import { useJobReview } from "@/lib/queries/reviews";
import { useKeys } from "@/lib/use-keys";
import type { Job } from "@/lib/wire";

type Writing = "none" | "reject" | "return";

/** Someone else was first: say who and what, and what can still be done. */
function Decided({ job, wasRefused }: { job: Job; wasRefused: boolean }) {
  const { t } = useI18n();
  return (
    <Note tone={wasRefused ? "warn" : "quiet"} icon={wasRefused ? IconAlertTriangle : IconCircleCheck} role="status">
      {wasRefused && <span>{t.approve.conflict}</span>}
      <StatusChip job={job} />
      {job.decided_by !== null && <span>{t.common.by(job.decided_by)}</span>}
      {job.decided_at !== null && <Age at={job.decided_at} />}
      <Link to={`/jobs/${job.id}`}>{job.name}</Link>
    </Note>
  );
}

function useWarnings(jobId: string): number {
  const review = useJobReview(jobId);
  return (review.data?.plate.findings ?? []).filter(({ severity }) => severity === "warn").length;
}

function Buttons(props: {
  job: Job;
  warnings: number;
  isSending: boolean;
  onApprove: (isFirst: boolean) => void;
  onWrite: (kind: "reject" | "return") => void;
  /** Which form was closed: its button has the focus again. */
  closed: Writing;
}) {
  const { t } = useI18n();
  const { job, warnings } = props;
  const can = (action: Job["allowed_actions"][number]): boolean => job.allowed_actions.includes(action);
  return (
    <Group gap="sm" className={classes["buttons"] ?? ""}>
      {can("approve") && (
        <ServerButton size="md" loading={props.isSending} onClick={() => props.onApprove(false)} rightSection={<Kbd size="xs">a</Kbd>}>
          {warnings > 0 ? t.approval.withWarnings(warnings) : t.approve.approve}
        </ServerButton>
      )}
      {can("approve") && (
        <ServerButton size="md" variant="default" onClick={() => props.onApprove(true)}>
          {t.approval.first}
        </ServerButton>
      )}
      {can("return") && (
        <Button
          size="md"
          variant="default"
          autoFocus={props.closed === "return"}
          onClick={() => props.onWrite("return")}
          rightSection={<Kbd size="xs">b</Kbd>}
        >
          {t.approve.sendBack}
        </Button>
      )}
      {can("reject") && (
        <Button
          size="md"
          variant="default"
          autoFocus={props.closed === "reject"}
          onClick={() => props.onWrite("reject")}
          rightSection={<Kbd size="xs">r</Kbd>}
        >
          {t.approve.reject}
        </Button>
      )}
    </Group>
  );
}

/** Approve, send back, reject; with warnings the first key press only shows them. */
function Open({ job, onDecided, decide }: { job: Job; onDecided: () => void; decide: ReturnType<typeof useDecide> }) {
  const { t } = useI18n();
  const [writing, setWriting] = useState<Writing>("none");
  const [closed, setClosed] = useState<Writing>("none");
  const warnings = useWarnings(job.id);
  const [hasSeen, setHasSeen] = useState(false);
  const buttons = useRef<HTMLDivElement>(null);
  const talk = useRef<HTMLTextAreaElement>(null);
  const can = (action: Job["allowed_actions"][number]): boolean => job.allowed_actions.includes(action);

  const send = (decision: Decision, said: string, clear?: () => void): void => {
    decidesHere([job.id]);
    decide.mutate(
      { job, decision },
      {
        onError: () => didNotDecide([job.id]),
        onSuccess: (after) => {
          if (decision.kind === "approve") offerUndo(after);
          announce(said);
          clear?.();
          onDecided();
        },
      },
    );
  };
  const approve = (isFirst: boolean): void => {
    const said = isFirst ? t.approval.approvedFirst(job.name) : t.approve.approved(job.name);
    send({ kind: "approve", undoS: undoSeconds.get(), isFirst }, said);
  };
  const approveByKey = (isFirst: boolean): void => {
    if (!can("approve") || decide.isPending) return;
    if (warnings === 0 || hasSeen) approve(isFirst);
    else {
      setHasSeen(true);
      document.querySelector("[data-findings]")?.scrollIntoView({ block: "center" });
      buttons.current?.querySelector("button")?.focus();
      announce(t.approval.withWarnings(warnings));
    }
  };
  useKeys([
    ["a", () => approveByKey(false)],
    ["shift+A", () => approveByKey(true)],
    ["r", () => can("reject") && setWriting("reject")],
    ["b", () => can("return") && setWriting("return")],
    ["c", () => talk.current?.focus()],
  ]);
  return (
    <>
      <section className={classes["talk"]} aria-label={t.talk.title}>
        <JobTimeline jobId={job.id} onlyTalk />
        <CommentForm jobId={job.id} field={talk} />
      </section>
      <div className={classes["decide"]} ref={buttons}>
        <Stack gap="md">
          <ErrorNote error={decide.error} />
          {writing === "none" ? (
            <Buttons job={job} warnings={warnings} isSending={decide.isPending} onApprove={approve} onWrite={setWriting} closed={closed} />
          ) : (
            <DecisionForm
              kind={writing}
              about={job.id}
              owner={job.owner.name}
              isSending={decide.isPending}
              onBack={() => {
                setClosed(writing);
                setWriting("none");
              }}
              onSend={(text, clear) =>
                writing === "reject"
                  ? send({ kind: "reject", reason: text }, t.approve.rejected(job.name), clear)
                  : send({ kind: "return", comment: text }, t.approve.sentBack(job.name), clear)
              }
            />
          )}
        </Stack>
      </div>
    </>
  );
}

export function Decide({ job, onDecided }: { job: Job; onDecided: () => void }) {
  const decide = useDecide();
  const wasRefused = decide.isError && asApiError(decide.error).status === 409;
  // What was decided elsewhere stays open to be read; one's own decision goes on to the next.
  useEffect(() => {
    if (job.status !== "submitted" && decide.isSuccess) decide.reset();
  }, [job.status, decide]);
  if (job.status !== "submitted") return <Decided job={job} wasRefused={wasRefused} />;
  return <Open key={job.version} job={job} onDecided={onDecided} decide={decide} />;
}
