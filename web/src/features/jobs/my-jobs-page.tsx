import { Button, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconStack2 } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { Empty } from "@/components/empty";
import { LongList } from "@/components/long-list";
import { NotifyOffer } from "@/components/notify-offer";
import { PageTitle } from "@/components/page-title";
import { StateGate } from "@/components/state-gate";
import { BedRow } from "@/features/jobs/bed-row";
import { EndedRow } from "@/features/jobs/ended-row";
import { JobRow } from "@/features/jobs/job-row";
import classes from "@/features/jobs/jobs.module.css";
import { useI18n } from "@/lib/i18n/context";
import { byMovement, groupOf } from "@/lib/job-state";
import { ACTIVE, ENDED, useJobs } from "@/lib/queries/jobs";
import { useSpending } from "@/lib/queries/reviews";
import { usePrinters } from "@/lib/queries/printers";
import type { Job, Printer } from "@/lib/wire";

function Group(props: { id: string; title: string; count?: number; children: ReactNode }) {
  return (
    <section aria-labelledby={props.id} className={classes["group"]}>
      <h2 id={props.id} className={classes["groupTitle"]}>
        {props.title} {props.count !== undefined && <span className="num">{props.count}</span>}
      </h2>
      {props.children}
    </section>
  );
}

/** Heights before a row was measured. */
const ENDED_PX = 45;
const ROW_PX = 140;
const GAP_PX = 12;

const HISTORY = { all: ENDED, done: "done", failed: "failed", other: "cancelled,rejected,withdrawn" } as const;
type HistoryFilter = keyof typeof HISTORY;

/** What one's own prints took, in a line for each currency. */
function Spent() {
  const { t, f } = useI18n();
  const query = useSpending("mine");
  return query.data?.items.map((item) => (
    <Text key={item.currency ?? ""} c="dimmed" className="num">
      {t.spending.mine(t.spending.prints(item.prints), f.grams(item.weight_g), f.duration(item.print_s))}
      {item.cost !== null && item.currency !== null && ` · ${f.money(item.cost, item.currency)}`}
    </Text>
  ));
}

function History() {
  const { t } = useI18n();
  const [filter, setFilter] = useState<HistoryFilter>("all");
  const query = useJobs({ scope: "mine", status: HISTORY[filter], order: "newest" });
  return (
    <Group id="group-history" title={t.jobs.history}>
      <Spent />
      <SegmentedControl
        className={classes["filter"] ?? ""}
        size="sm"
        aria-label={t.jobs.filter.label}
        value={filter}
        onChange={(value) => setFilter(value)}
        data={(Object.keys(HISTORY) as HistoryFilter[]).map((value) => ({ value, label: t.jobs.filter[value] }))}
      />
      <StateGate query={query} what={t.jobs.what} rows={2}>
        {({ pages }) => {
          const jobs = pages.flatMap((page) => page.items);
          if (jobs.length === 0) {
            return <Text c="dimmed">{filter === "all" ? t.jobs.nothingEnded : t.jobs.noneOfThese}</Text>;
          }
          return (
            <>
              <LongList
                items={jobs}
                keyOf={(job) => job.id}
                estimate={ENDED_PX}
                className={classes["history"]}
                rowClass={classes["ended"]}
              >
                {(job) => <EndedRow job={job} />}
              </LongList>
              {query.hasNextPage && (
                <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t.common.more}
                </Button>
              )}
            </>
          );
        }}
      </StateGate>
    </Group>
  );
}

function Active(props: { jobs: readonly Job[]; beds: readonly Printer[]; isFirst: boolean }) {
  const { jobs, beds } = props;
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
  const beds = (printers.data ?? []).filter(
    (printer) =>
      printer.allowed_actions.includes("clear_bed") && printer.bed.state !== "clear" && printer.current_job === null,
  );
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
          {() => <Active jobs={jobs} beds={beds} isFirst={isFirst} />}
        </StateGate>
      ) : null}
      {isFirst && !props.isSubmitting && <Empty icon={IconStack2} title={t.jobs.emptyTitle} text={t.jobs.empty} />}
      {!isFirst && <History />}
    </Stack>
  );
}
