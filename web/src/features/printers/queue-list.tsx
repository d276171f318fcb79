import { Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";
import { announce } from "@/components/announcer";
import { ErrorNote } from "@/components/error-note";
import { Note } from "@/components/note";
import classes from "@/features/printers/queue.module.css";
import { QueueRow } from "@/features/printers/queue-row";
import { beforeOf, placed } from "@/features/printers/queue-order";
import { asApiError } from "@/lib/api/problem";
import { useI18n } from "@/lib/i18n/context";
import { useQueueAct } from "@/lib/queries/queues";
import type { Job, Queue, QueueOrder } from "@/lib/wire";

/** The jobs of a queue in its order; approvers move them by hand, by key or by button. */
export function QueueList(props: { order: QueueOrder; others: readonly Queue[]; mayOrder: boolean }) {
  const { t } = useI18n();
  const { queue, jobs } = props.order;
  const act = useQueueAct();
  const [dragged, setDragged] = useState<string | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const wasChanged = act.isError && asApiError(act.error).type === "/problems/queue-changed";
  // While the answer is awaited the row stands where it was put.
  const wish = act.isPending && act.variables.kind === "move" ? act.variables : null;
  const shown = wish !== null && wish.queue === queue.name ? placed(jobs, wish.jobId, wish.before) : jobs;

  const move = (job: Job, to: number): void => {
    const place = Math.max(0, Math.min(jobs.length - 1, to));
    if (act.isPending || jobs[place]?.id === job.id) return;
    act.mutate(
      { kind: "move", jobId: job.id, queue: queue.name, version: queue.version, before: beforeOf(jobs, job.id, place) },
      { onSuccess: () => announce(t.queue.moved(job.name, place + 1, jobs.length)) },
    );
  };
  const moveAway = (job: Job, target: Queue): void =>
    act.mutate(
      { kind: "move", jobId: job.id, queue: target.name, version: target.version, before: null },
      { onSuccess: () => announce(t.queue.movedAway(job.name, target.title)) },
    );
  const drop = (place: number): void => {
    const job = jobs.find(({ id }) => id === dragged);
    setDragged(null);
    setOver(null);
    if (job !== undefined) move(job, place);
  };

  return (
    <>
      {wasChanged && (
        <Note tone="warn" icon={IconAlertTriangle} role="status">
          {t.queue.changed}
        </Note>
      )}
      {!wasChanged && <ErrorNote error={act.error} />}
      <ol className={classes["list"]} aria-label={t.queue.list(queue.title)}>
        {shown.map((job, place) => (
          <QueueRow
            key={job.id}
            job={job}
            place={place}
            count={jobs.length}
            others={props.others}
            isOver={dragged !== null && over === place}
            isBusy={act.isPending}
            onMove={(to) => move(job, to)}
            onMoveAway={(target) => moveAway(job, target)}
            onDrag={setDragged}
            onOver={() => setOver(place)}
            onDrop={() => drop(place)}
          />
        ))}
      </ol>
      {props.mayOrder && jobs.length > 1 && (
        <Text size="sm" c="dimmed">
          {t.queue.keys}
        </Text>
      )}
    </>
  );
}
