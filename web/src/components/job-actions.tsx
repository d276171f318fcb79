import { Group, Stack } from "@mantine/core";
import { useState } from "react";
import { CommandAnswer } from "@/components/command-answer";
import { ConfirmDialog, type ConfirmWords } from "@/components/confirm-dialog";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { useI18n } from "@/lib/i18n/context";
import { useDecide, usePrintCommand, type Decision } from "@/lib/queries/jobs";
import { useMe } from "@/lib/queries/me";
import type { Job, JobAction } from "@/lib/wire";

type Own = Extract<JobAction, "pause" | "resume" | "resubmit" | "take_back_approval" | "withdraw" | "cancel">;

const SHOWN: readonly Own[] = ["resubmit", "resume", "pause", "take_back_approval", "withdraw", "cancel"];

/** One way to end a waiting job is enough: the owner withdraws, others cancel. */
function shownActions(job: Job, myId: string | undefined): Own[] {
  const allowed = SHOWN.filter((action) => job.allowed_actions.includes(action));
  if (!allowed.includes("withdraw") || !allowed.includes("cancel")) return allowed;
  const hidden = job.owner.id === myId ? "cancel" : "withdraw";
  return allowed.filter((action) => action !== hidden);
}

function useConfirmWords(job: Job, action: Own | null): ConfirmWords | null {
  const { t } = useI18n();
  switch (action) {
    case "cancel":
      return job.run_id === null ? t.act.confirm.cancelQueued : t.act.confirm.cancelPrinting;
    case "withdraw":
      return t.act.confirm.withdraw;
    case "pause":
      return t.act.confirm.pause;
    case "resume":
      return t.act.confirm.resume;
    default:
      return null;
  }
}

/** The buttons that the server allows, their confirmation, and its answer in place. */
export function JobActions({ job, size = "sm" }: { job: Job; size?: "xs" | "sm" }) {
  const { t } = useI18n();
  const me = useMe();
  const [asked, setAsked] = useState<Own | null>(null);
  const decide = useDecide();
  const command = usePrintCommand();
  const words = useConfirmWords(job, asked);
  const actions = shownActions(job, me.data?.id);

  const run = (action: Own): void => {
    setAsked(null);
    if (action === "pause" || action === "resume") command.mutate({ jobId: job.id, kind: action });
    else decide.mutate({ job, decision: { kind: action } satisfies Decision });
  };
  const press = (action: Own): void => {
    const isDirect = action === "resubmit" || action === "take_back_approval";
    if (isDirect) run(action);
    else setAsked(action);
  };
  if (actions.length === 0 && !decide.isError && !command.isError) return null;

  return (
    <Stack gap="sm">
      <Group gap="sm">
        {actions.map((action) => (
          <ServerButton
            key={action}
            size={size}
            variant={action === "resubmit" || action === "resume" ? "filled" : "default"}
            loading={
              (decide.isPending && decide.variables.decision.kind === action) ||
              (command.isPending && command.variables.kind === action)
            }
            onClick={() => press(action)}
          >
            {t.act[action]}
          </ServerButton>
        ))}
      </Group>
      <CommandAnswer command={command.data} />
      <ErrorNote error={decide.error ?? command.error} />
      {words !== null && asked !== null && (
        <ConfirmDialog
          words={words}
          isGrave={asked === "cancel" || asked === "withdraw"}
          onYes={() => run(asked)}
          onNo={() => setAsked(null)}
        />
      )}
    </Stack>
  );
}
