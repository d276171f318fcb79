import { Group, Text, Title } from "@mantine/core";
import { Boundary } from "@/components/boundary";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import classes from "@/features/submit/submit.module.css";
import { TrayRow } from "@/features/submit/tray-row";
import { tray } from "@/features/submit/tray-store";
import { amountsIn, isOnTheWay, jobsIn } from "@/features/submit/tray-state";
import { useLeaveGuard, useSubmit } from "@/features/submit/use-tray";
import { useI18n } from "@/lib/i18n/context";
import { useMyQuota } from "@/lib/queries/quotas";
import { quotaLines } from "@/lib/quota";
import { useStore } from "@/lib/store";

/** What is left of the month, before it is submitted. */
function Left(props: { grams: number; seconds: number }) {
  const { t, f } = useI18n();
  const quota = useMyQuota().data;
  if (quota === undefined) return null;
  return quotaLines(quota, props.grams, props.seconds).map(({ unit, gone, more, limit, isOver }) => {
    const say = (value: number): string => (unit === "g" ? f.grams(value) : f.duration(value));
    return (
      <Text key={unit} size="sm" className="num" {...(isOver ? { c: "bad" } : {})}>
        {isOver
          ? `${t.quota.tooMuch(say(gone + more - limit), f.day(quota.resets_at))} ${quota.may_exceed ? t.quota.decides : t.quota.hard}`
          : t.quota.left(say(more), say(limit - gone))}
      </Text>
    );
  });
}

/** Files on their way in, what is in them, and the one button that makes jobs of them. */
export function TrayPanel() {
  const { t } = useI18n();
  const entries = useStore(tray);
  const submit = useSubmit();
  useLeaveGuard();
  if (entries.length === 0) return null;
  const jobs = entries.reduce((sum, entry) => sum + jobsIn(entry), 0);
  const amounts = amountsIn(entries);
  const isOpen = entries.some((entry) => entry.stage === "ready" || entry.stage === "submitting");
  const isWaiting = entries.some((entry) => isOnTheWay(entry) || entry.stage === "checking");
  return (
    <section className={classes["tray"]} aria-labelledby="tray-title">
      <Title order={2} size="h3" id="tray-title">
        {t.tray.title}
      </Title>
      <ul className={classes["rows"]}>
        {entries.map((entry) => (
          <li key={entry.id}>
            <Boundary fallback={() => <ErrorNote error={null} />}>
              <TrayRow entry={entry} />
            </Boundary>
          </li>
        ))}
      </ul>
      {jobs > 0 && <Left grams={amounts.grams} seconds={amounts.seconds} />}
      {(isOpen || isWaiting) && (
        <Group justify="flex-end" gap="md">
          <Text size="sm" c="dimmed">
            {jobs === 0 && (isOpen ? t.tray.choosePlates : t.tray.notYet)}
          </Text>
          <ServerButton size="md" disabled={jobs === 0} loading={submit.isPending} onClick={() => submit.mutate()}>
            {t.tray.submit(jobs)}
          </ServerButton>
        </Group>
      )}
    </section>
  );
}
