import { Button, Stack, Text } from "@mantine/core";
import { IconStack2 } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Empty } from "@/components/empty";
import { LongList } from "@/components/long-list";
import { NotifyOffer } from "@/components/notify-offer";
import { PageTitle } from "@/components/page-title";
import { StateGate } from "@/components/state-gate";
import { BedRow } from "@/features/jobs/bed-row";
import { Group } from "@/features/jobs/group";
import { History } from "@/features/jobs/history";
import { JobRow } from "@/features/jobs/job-row";
import classes from "@/features/jobs/jobs.module.css";
import { useI18n } from "@/lib/i18n/context";
import { byMovement, groupOf } from "@/lib/job-state";
import { isBedToClear } from "@/lib/printer-state";
import { ACTIVE, ENDED, useJobs } from "@/lib/queries/jobs";
import { usePrinters } from "@/lib/queries/printers";
import type { Job, Printer } from "@/lib/wire";

/** Height before a row was measured. */
const ROW_PX = 140;
const GAP_PX = 12;

function Active(props: {
  jobs: readonly Job[];
  beds: readonly Printer[];
  isFirst: boolean;
  query: ReturnType<typeof useJobs>;
}) {
  const { jobs, beds, query } = props;
  const { t } = useI18n();
  const sorted = [...jobs].sort(byMovement);
  const needing = sorted.filter((job) => groupOf(job) === "needsYou");
  const moving = sorted.filter((job) => groupOf(job) === "now");
  return (
    <>
      {needing.length + beds.length > 0 && (
        <Group id="group-needs" title={t.jobs.needsYou} count={needing.length + beds.length}>
          <ul className={classes["list"]}>
            {beds.map((printer) => (
              <BedRow key={printer.id} printer={printer} />
            ))}
            {needing.map((job) => (
              <li key={job.id} className={classes["row"]}>
                <JobRow job={job} />
              </li>
            ))}
          </ul>
        </Group>
      )}
      {!props.isFirst && (
        <Group id="group-now" title={t.jobs.now} {...(moving.length > 0 ? { count: moving.length } : {})}>
          {moving.length === 0 && <Text c="dimmed">{t.jobs.nothingNow}</Text>}
          <LongList
            items={moving}
            keyOf={(job) => job.id}
            estimate={ROW_PX}
            gap={GAP_PX}
            className={classes["list"]}
            rowClass={classes["row"]}
          >
            {(job) => <JobRow job={job} />}
          </LongList>
          {query.hasNextPage && (
            <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {t.common.more}
            </Button>
          )}
        </Group>
      )}
    </>
  );
}

/** My jobs, grouped by who moves next; `submit` is the place where new ones come in. */
export function MyJobsPage(props: { submit: (isFirst: boolean) => ReactNode; isSubmitting: boolean }) {
  const { t } = useI18n();
  const active = useJobs({ scope: "mine", status: ACTIVE, order: "newest" });
  const any = useJobs({ scope: "mine", status: ENDED, order: "newest" });
  const printers = usePrinters();
  const beds = (printers.data ?? []).filter(isBedToClear);
  const jobs = active.data?.pages.flatMap((page) => page.items) ?? [];
  const isEmpty = (query: typeof active): boolean => query.data?.pages[0]?.items.length === 0;
  const isFirst = isEmpty(active) && isEmpty(any);
  const printing = jobs.find((job) => job.status === "printing" && job.percent !== null);

  return (
    <Stack gap="xl">
      <PageTitle
        text={t.jobs.title}
        tab={printing === undefined ? undefined : `${printing.percent ?? 0} % ${printing.name}`}
      />
      {props.submit(isFirst)}
      <NotifyOffer hasJobs={jobs.length > 0} />
      {!isFirst || beds.length > 0 ? (
        <StateGate query={active} what={t.jobs.what}>
          {() => <Active jobs={jobs} beds={beds} isFirst={isFirst} query={active} />}
        </StateGate>
      ) : null}
      {isFirst && !props.isSubmitting && <Empty icon={IconStack2} title={t.jobs.emptyTitle} text={t.jobs.empty} />}
      {!isFirst && <History />}
    </Stack>
  );
}
