import { Kbd } from "@mantine/core";
import { announce } from "@/components/announcer";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import classes from "@/features/approve/approve.module.css";
import { didNotDecide } from "@/features/approve/folded";
import { closeUndo, isOpen, undoable } from "@/features/approve/undo";
import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import { useDecide } from "@/lib/queries/jobs";
import { useStore } from "@/lib/store";
import { useKeys } from "@/lib/use-keys";
import type { Job } from "@/lib/wire";

/** "gear-20 approved [Undo] 6 s": the server holds the job back for as long as this counts. */
export function UndoBar() {
  const { t, f } = useI18n();
  const now = useNow();
  const decide = useDecide();
  const open = useStore(undoable).filter((job) => isOpen(job, now));

  const undo = (job: Job): void =>
    decide.mutate(
      { job, decision: { kind: "take_back_approval" } },
      {
        onSuccess: () => {
          closeUndo(job.id);
          didNotDecide([job.id]);
          announce(t.approve.undone(job.name));
        },
      },
    );
  useKeys([
    [
      "z",
      () => {
        const last = open.at(-1);
        if (last !== undefined) undo(last);
      },
    ],
  ]);
  if (open.length === 0 && !decide.isError) return null;
  return (
    <div className={classes["undo"]}>
      {open.map((job) => (
        <div key={job.id} className={classes["undoRow"]}>
          <span className={classes["undoWords"]}>{t.approve.approved(job.name)}</span>
          <span className="num">
            {t.approve.seconds(f.duration(Math.max(1, Math.floor((Date.parse(job.not_before ?? "") - now) / 1000))))}
          </span>
          <ServerButton
            size="compact-md"
            variant="default"
            rightSection={<Kbd size="xs">z</Kbd>}
            loading={decide.isPending && decide.variables.job.id === job.id}
            onClick={() => undo(job)}
          >
            {t.approve.undo}
          </ServerButton>
        </div>
      ))}
      <ErrorNote error={decide.error} />
    </div>
  );
}
