import { Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { announce } from "@/components/announcer";
import { ErrorNote } from "@/components/error-note";
import { Note } from "@/components/note";
import { ServerButton } from "@/components/server-button";
import classes from "@/features/approve/approve.module.css";
import { DecisionForm } from "@/features/approve/decision-form";
import { decidesHere, didNotDecide } from "@/features/approve/folded";
import { selectAll, selected } from "@/features/approve/selection";
import { offerUndo, undoSeconds } from "@/features/approve/undo";
import { useI18n } from "@/lib/i18n/context";
import { useDecideMany, type ManyWish } from "@/lib/queries/again";
import { useStore } from "@/lib/store";
import type { DecidedJob, Job } from "@/lib/wire";

/** What became of each: those that were left say why. */
function Answer({ items, decision }: { items: readonly DecidedJob[]; decision: ManyWish["decision"] }) {
  const { t } = useI18n();
  const made = items.filter(({ code }) => code === null).length;
  const left = items.filter(({ code }) => code !== null);
  return (
    <Note
      tone={left.length === 0 ? "good" : "warn"}
      icon={left.length === 0 ? IconCircleCheck : IconAlertTriangle}
      role="status"
    >
      <span>{t.many.done(made, t.many.whats[decision])}</span>
      {left.map(({ job, job_id, code, detail }) => (
        <div key={job_id}>
          <Link to={`/approve/${job_id}`}>{t.many.left(job?.name ?? job_id, t.many.codes[code ?? ""] ?? detail ?? "")}</Link>
        </div>
      ))}
    </Note>
  );
}

/** One decision about all that are selected; each answer is told, none silent. */
export function ManyBar({ jobs }: { jobs: readonly Job[] }) {
  const { t } = useI18n();
  const chosen = useStore(selected);
  const decide = useDecideMany();
  const [writing, setWriting] = useState<"reject" | "return" | null>(null);
  const picked = jobs.filter(({ id }) => chosen.has(id));
  const n = picked.length;

  const send = (decision: ManyWish["decision"], words: string | null, clear?: () => void): void => {
    const ids = picked.map(({ id }) => id);
    decidesHere(ids);
    decide.mutate(
      { decision, jobs: picked, words, undoS: undoSeconds.get() },
      {
        onError: () => didNotDecide(ids),
        onSuccess: (items) => {
          const left = items.flatMap(({ job_id, code }) => (code === null ? [] : [job_id]));
          didNotDecide(left);
          clear?.();
          setWriting(null);
          selectAll(left);
          if (decision === "approve") {
            for (const { job, code } of items) if (job !== null && code === null) offerUndo(job);
          }
          announce(t.many.done(items.length - left.length, t.many.whats[decision]));
        },
      },
    );
  };
  return (
    <Stack gap="sm">
      {decide.data !== undefined && <Answer items={decide.data} decision={decide.variables.decision} />}
      <ErrorNote error={decide.error} />
      {n > 0 && (
        <section className={classes["many"]} aria-label={t.many.selected(n)}>
          <Text fw={600}>{t.many.selected(n)}</Text>
          {writing === null ? (
            <Group gap="sm">
              <ServerButton loading={decide.isPending} onClick={() => send("approve", null)}>
                {t.many.approve(n)}
              </ServerButton>
              <Button variant="default" onClick={() => setWriting("return")}>
                {t.many.sendBack(n)}
              </Button>
              <Button variant="default" onClick={() => setWriting("reject")}>
                {t.many.reject(n)}
              </Button>
              {n < jobs.length && (
                <Button variant="subtle" onClick={() => selectAll(jobs.map(({ id }) => id))}>
                  {t.many.all}
                </Button>
              )}
              <Button variant="subtle" onClick={() => selectAll([])}>
                {t.many.clear}
              </Button>
            </Group>
          ) : (
            <DecisionForm
              kind={writing}
              about="many"
              owner={t.many.everybody}
              isSending={decide.isPending}
              onBack={() => setWriting(null)}
              onSend={(text, clear) => send(writing, text, clear)}
            />
          )}
        </section>
      )}
    </Stack>
  );
}
