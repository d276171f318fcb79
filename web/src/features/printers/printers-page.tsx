import { Stack, Text, Title } from "@mantine/core";
import { IconPlayerPause, IconPrinter } from "@tabler/icons-react";
import { Link } from "react-router";
import { Empty } from "@/components/empty";
import { Filaments } from "@/components/filaments";
import { Note } from "@/components/note";
import { PageTitle } from "@/components/page-title";
import { StateGate } from "@/components/state-gate";
import { PrinterTile } from "@/features/printers/printer-tile";
import classes from "@/features/printers/printers.module.css";
import { useI18n } from "@/lib/i18n/context";
import { byNeed } from "@/lib/printer-state";
import { useJobs } from "@/lib/queries/jobs";
import { useMe } from "@/lib/queries/me";
import { usePrinters, useQueues } from "@/lib/queries/printers";
import { reasonText } from "@/lib/reasons";
import type { Queue } from "@/lib/wire";

/** Who waits, and the one reason why; for admins, who see all jobs. */
function Waiting({ queue }: { queue: Queue }) {
  const { t, f } = useI18n();
  const query = useJobs({ scope: "all", status: "queued", order: "oldest" });
  const jobs = (query.data?.pages.flatMap((page) => page.items) ?? []).filter((job) => job.queue === queue.name);
  if (jobs.length === 0) return null;
  return (
    <ol className={classes["waiting"]}>
      {jobs.map((job) => (
        <li key={job.id} className={classes["waitingRow"]}>
          <Link to={`/jobs/${job.id}`}>{job.name}</Link>
          <span className={`${classes["dim"]} num`}>
            {[job.owner.name, job.estimate_s === null ? null : f.duration(job.estimate_s)]
              .filter((fact) => fact !== null)
              .join(" · ")}
          </span>
          <Filaments spools={job.filaments} />
          <span className={classes["why"]}>{job.wait_reason === null ? t.status.queued.next : reasonText(t, f, job.wait_reason)}</span>
        </li>
      ))}
    </ol>
  );
}

function QueueCard({ queue }: { queue: Queue }) {
  const { t } = useI18n();
  const me = useMe();
  return (
    <section className={classes["queue"]} aria-labelledby={`queue-${queue.name}`}>
      <Title order={2} size="h3" id={`queue-${queue.name}`}>
        {t.printers.queue(queue.title)}
      </Title>
      {queue.is_held && (
        <Note tone="warn" icon={IconPlayerPause}>
          {t.printers.held}
        </Note>
      )}
      <Text c="dimmed">{t.printers.jobsWaiting(queue.waiting)}</Text>
      {me.data?.is_admin === true && <Waiting queue={queue} />}
    </section>
  );
}

export function PrintersPage() {
  const { t } = useI18n();
  const printers = usePrinters();
  const queues = useQueues();
  return (
    <Stack gap="xl">
      <PageTitle text={t.printers.title} />
      <StateGate query={printers} what={t.printers.what}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon={IconPrinter} title={t.printers.none} text={t.printers.noneText} />
          ) : (
            <ul className={classes["tiles"]}>
              {[...list].sort(byNeed).map((printer) => (
                <PrinterTile key={printer.id} printer={printer} />
              ))}
            </ul>
          )
        }
      </StateGate>
      {queues.data?.map((queue) => (
        <QueueCard key={queue.name} queue={queue} />
      ))}
    </Stack>
  );
}
