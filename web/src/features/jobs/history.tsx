import { Button, NativeSelect, SegmentedControl, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import fields from "@/components/fields-row.module.css";
import { LongList } from "@/components/long-list";
import { StateGate } from "@/components/state-gate";
import { EndedRow } from "@/features/jobs/ended-row";
import { Group } from "@/features/jobs/group";
import { monthsUntil, spanOf } from "@/features/jobs/months";
import classes from "@/features/jobs/jobs.module.css";
import type { Span } from "@/lib/api/keys";
import { useI18n } from "@/lib/i18n/context";
import { ENDED, useJobs } from "@/lib/queries/jobs";
import { useSpending } from "@/lib/queries/reviews";
import { useSought } from "@/lib/sought";

/** Height of a row before it was measured. */
const ENDED_PX = 53;
const SEARCH_AFTER_MS = 250;
const KINDS = { all: ENDED, done: "done", failed: "failed", other: "cancelled,rejected,withdrawn" } as const;
type Kind = keyof typeof KINDS;

/** What one's own prints took in that time, in a line for each currency. */
function Spent({ span }: { span: Span }) {
  const { t, f } = useI18n();
  const query = useSpending("mine", span);
  return query.data?.items.map((item) => (
    <Text key={item.currency ?? ""} c="dimmed" className="num">
      {t.spending.mine(t.spending.prints(item.prints), f.grams(item.weight_g), f.duration(item.print_s))}
      {item.cost !== null && item.currency !== null && ` · ${f.money(item.cost, item.currency)}`}
    </Text>
  ));
}

function useSoughtJobs() {
  const { text, params, seek } = useSought();
  const kind = params.get("kind");
  return {
    text,
    month: params.get("month") ?? "",
    kind: kind !== null && kind in KINDS ? (kind as Kind) : "all",
    seek,
  };
}

function Fields(props: ReturnType<typeof useSoughtJobs>) {
  const { t, lang } = useI18n();
  return (
    <>
      <div className={fields["row"]} role="search">
        <TextInput
          className={fields["grow"] ?? ""}
          type="search"
          label={t.history.search}
          leftSection={<IconSearch size={18} aria-hidden />}
          value={props.text}
          maxLength={200}
          onChange={(event) => props.seek("q", event.currentTarget.value)}
        />
        <NativeSelect
          label={t.history.month}
          value={props.month}
          data={[{ value: "", label: t.history.allMonths }, ...monthsUntil(new Date(), lang)]}
          onChange={(event) => props.seek("month", event.currentTarget.value)}
        />
      </div>
      <SegmentedControl
        className={classes["filter"] ?? ""}
        size="sm"
        aria-label={t.jobs.filter.label}
        value={props.kind}
        onChange={(value) => props.seek("kind", value === "all" ? "" : value)}
        data={(Object.keys(KINDS) as Kind[]).map((value) => ({ value, label: t.jobs.filter[value] }))}
      />
    </>
  );
}

function Nothing({ sought }: { sought: ReturnType<typeof useSoughtJobs> }) {
  const { t } = useI18n();
  if (sought.text !== "") {
    return (
      <Text c="dimmed">
        {t.history.noMatch(sought.text)}{" "}
        <Button size="compact-sm" variant="default" onClick={() => sought.seek("q", "")}>
          {t.history.clear}
        </Button>
      </Text>
    );
  }
  const isOpen = sought.kind === "all" && sought.month === "";
  return <Text c="dimmed">{isOpen ? t.jobs.nothingEnded : t.jobs.noneOfThese}</Text>;
}

/** What has ended: by words, month and kind, with what it took. */
export function History() {
  const { t } = useI18n();
  const sought = useSoughtJobs();
  const [text] = useDebouncedValue(sought.text.trim(), SEARCH_AFTER_MS);
  const span = spanOf(sought.month);
  const filter = { scope: "mine", status: KINDS[sought.kind], order: "newest", ...span } as const;
  const query = useJobs(text === "" ? filter : { ...filter, q: text });
  return (
    <Group id="group-history" title={t.jobs.history}>
      <Spent span={span} />
      <Fields {...sought} />
      <StateGate query={query} what={t.jobs.what} rows={2}>
        {({ pages }) => {
          const jobs = pages.flatMap((page) => page.items);
          if (jobs.length === 0) return <Nothing sought={sought} />;
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
