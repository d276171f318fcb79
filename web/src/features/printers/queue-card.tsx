import { Text, Title } from "@mantine/core";
import { IconPlayerPause } from "@tabler/icons-react";
import { ErrorNote } from "@/components/error-note";
import { Note } from "@/components/note";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import classes from "@/features/printers/queue.module.css";
import { QueueList } from "@/features/printers/queue-list";
import { useI18n } from "@/lib/i18n/context";
import { useMe } from "@/lib/queries/me";
import { useQueueAct, useQueueOrder } from "@/lib/queries/queues";
import type { Queue } from "@/lib/wire";

function Switch({ queue }: { queue: Queue }) {
  const { t } = useI18n();
  const act = useQueueAct();
  return (
    <>
      <ServerButton
        variant="default"
        size="sm"
        loading={act.isPending}
        onClick={() =>
          act.mutate({ kind: "switch", name: queue.name, version: queue.version, isHeld: !queue.is_held })
        }
      >
        {queue.is_held ? t.queue.release : t.queue.hold}
      </ServerButton>
      <ErrorNote error={act.error} />
    </>
  );
}

/** A queue: who waits, in which order, and why. */
export function QueueCard({ queue, others }: { queue: Queue; others: readonly Queue[] }) {
  const { t, f } = useI18n();
  const me = useMe();
  const mayOrder = me.data !== undefined && me.data.role !== "member";
  const order = useQueueOrder(queue.name);
  const jobs = order.data?.jobs ?? [];
  const seconds = jobs.reduce((sum, job) => sum + (job.estimate_s ?? 0), 0);
  return (
    <section className={classes["queue"]} aria-labelledby={`queue-${queue.name}`}>
      <div className={classes["head"]}>
        <Title order={2} size="h3" id={`queue-${queue.name}`}>
          {t.printers.queue(queue.title)}
        </Title>
        <Text c="dimmed" className={`${classes["grow"]} num`}>
          {jobs.length === 0 ? t.printers.jobsWaiting(queue.waiting) : t.queue.about(queue.waiting, f.duration(seconds))}
        </Text>
        {mayOrder && <Switch queue={queue} />}
      </div>
      {queue.is_held && (
        <Note tone="warn" icon={IconPlayerPause}>
          {queue.held_by === null ? t.printers.held : t.queue.heldBy(queue.held_by)}
        </Note>
      )}
      {queue.waiting > 0 && (
        <StateGate query={order} what={t.queue.what} rows={1}>
          {(seen) => <QueueList order={seen} others={others} mayOrder={mayOrder} />}
        </StateGate>
      )}
    </section>
  );
}
