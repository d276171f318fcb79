import { Anchor, Button, Kbd, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowLeft, IconCircleCheck } from "@tabler/icons-react";
import { useEffect, useMemo, useRef } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { Empty } from "@/components/empty";
import { LongList } from "@/components/long-list";
import { PageTitle } from "@/components/page-title";
import { StateGate } from "@/components/state-gate";
import { ApproveDetail } from "@/features/approve/approve-detail";
import { ApproveRow } from "@/features/approve/approve-row";
import classes from "@/features/approve/approve.module.css";
import { FoldedRow } from "@/features/approve/folded-row";
import { useRows, type Row } from "@/features/approve/folded";
import { ManyBar } from "@/features/approve/many-bar";
import { toggle } from "@/features/approve/selection";
import { UndoBar } from "@/features/approve/undo-bar";
import { useI18n } from "@/lib/i18n/context";
import { useJobs } from "@/lib/queries/jobs";
import { useKeys } from "@/lib/use-keys";

/** The keys of this page; the question mark brings them into sight. */
function KeysHint() {
  const { t } = useI18n();
  const hint = useRef<HTMLParagraphElement>(null);
  useKeys([["shift+?", () => hint.current?.focus()]]);
  const names = t.approve.keyNames;
  const hints: [string, string][] = [
    ["j", names.next], ["k", names.previous], ["a", names.approve],
    ["⇧ A", t.approval.keyNames.first], ["b", names.sendBack], ["r", names.reject], ["c", t.approval.keyNames.ask],
    ["x", t.approval.keyNames.select], ["z", names.undo], ["?", t.approval.keyNames.help],
  ];
  return (
    <p className={classes["keys"]} ref={hint} tabIndex={-1}>
      <span>{t.approve.keysHint}</span>
      {hints.map(([key, name]) => (
        <span key={key}>
          <Kbd size="sm">{key}</Kbd> {name}
        </span>
      ))}
    </p>
  );
}

/** j and k walk the list; the address says which job is open. What was decided elsewhere is passed over. */
function useWalk(rows: readonly Row[], openId: string | undefined) {
  const navigate = useNavigate();
  const at = rows.findIndex((row) => row.job.id === openId);
  const next = rows.slice(at + 1).find((row) => !row.isFolded);
  const previous = rows.slice(0, Math.max(at, 0)).findLast((row) => !row.isFolded);
  const go = (row: Row | undefined): void => {
    if (row !== undefined) void navigate(`/approve/${row.job.id}`, { replace: openId !== undefined });
  };
  useKeys([
    ["j", () => go(next)],
    ["k", () => go(previous)],
    ["x", () => openId !== undefined && toggle(openId)],
  ]);
  /** After a decision the next one is open, or the one before, or none. */
  return (): void => {
    const then = next ?? previous;
    void navigate(then === undefined ? "/approve" : `/approve/${then.job.id}`, { replace: true });
  };
}

/** Height of a row before it was measured. */
const ROW_PX = 97;

function WorkList({ rows, openId }: { rows: readonly Row[]; openId: string | undefined }) {
  const { t } = useI18n();
  return (
    <LongList
      items={rows}
      keyOf={({ job }) => job.id}
      estimate={ROW_PX}
      label={t.approve.list}
      className={classes["list"]}
      rowClass={classes["entry"]}
      activeKey={openId}
    >
      {({ job, isFolded }) =>
        isFolded ? (
          <FoldedRow job={job} isOpen={job.id === openId} />
        ) : (
          <ApproveRow job={job} isOpen={job.id === openId} />
        )
      }
    </LongList>
  );
}

export function ApprovePage() {
  const { t } = useI18n();
  const { id: chosenId } = useParams();
  const isWide = useMediaQuery("(min-width: 901px)", window.innerWidth > 900);
  const query = useJobs({ scope: "all", status: "submitted", order: "oldest" });
  const { data } = query;
  const jobs = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const rows = useRows(jobs, chosenId);
  // Where both columns fit, the oldest is open by itself: it is the next thing to do. It stays open
  // when it is decided elsewhere: a key meant for it must not meet the next one.
  const id = chosenId ?? (isWide ? rows[0]?.job.id : undefined);
  const onDecided = useWalk(rows, id);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && jobs.length < 10) void fetchNextPage();
  }, [hasNextPage, fetchNextPage, jobs.length]);

  const count = jobs.length;
  const title = count === 0 ? t.approve.title : `${t.approve.title} ${count}`;
  return (
    <Stack gap="lg" className={classes["page"] ?? ""} data-open={chosenId !== undefined}>
      <div className={classes["head"]}>
        <PageTitle text={title} tab={count === 0 ? undefined : `(${count}) ${t.approve.title}`} />
        {count > 0 && <Text c="dimmed">{t.approve.oldest}</Text>}
      </div>
      <UndoBar />
      <ManyBar jobs={jobs} />
      <StateGate query={query} what={t.approve.what}>
        {() =>
          rows.length === 0 && id === undefined ? (
            <Empty icon={IconCircleCheck} title={t.approve.none} text={t.approve.noneText}>
              <Button component={Link} to="/printers" variant="default">
                {t.approve.seePrinters}
              </Button>
            </Empty>
          ) : (
            <div className={classes["columns"]}>
              <div className={classes["listColumn"]}>
                <WorkList rows={rows} openId={id} />
                {hasNextPage && (
                  <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                    {t.common.more}
                  </Button>
                )}
                <KeysHint />
              </div>
              <div className={classes["detailColumn"]}>
                {id !== undefined && (
                  <>
                    <Anchor component={Link} to="/approve" className={classes["toList"] ?? ""}>
                      <IconArrowLeft size={16} aria-hidden /> {title}
                    </Anchor>
                    <ApproveDetail key={id} jobId={id} onDecided={onDecided} />
                  </>
                )}
              </div>
            </div>
          )
        }
      </StateGate>
    </Stack>
  );
}
