import { Anchor, Group, Radio, Stack, Text, Textarea, Title } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import classes from "@/components/bed-panel.module.css";
import { Age } from "@/components/age";
import { ErrorNote } from "@/components/error-note";
import { EvidenceList } from "@/components/evidence-list";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import { useDraft } from "@/lib/draft";
import { useI18n } from "@/lib/i18n/context";
import { useAttention, useResolve } from "@/lib/queries/attention";
import { jobReason } from "@/lib/server-words";
import type { Attention, Choice, Job, Resolution } from "@/lib/wire";

function ChoiceRadio({ choice }: { choice: Choice }) {
  const { t } = useI18n();
  const words = t.attention;
  const against = choice.objection === null ? null : words.against[choice.objection];
  return (
    <Radio
      value={choice.outcome}
      disabled={!choice.is_open}
      label={words.choices[choice.outcome].label}
      description={
        <>
          {words.choices[choice.outcome].hint} {!choice.is_open && words.notNow}{" "}
          {against !== null && <b>{against}</b>}
        </>
      }
    />
  );
}

function Decide({ attention }: { attention: Attention }) {
  const { t } = useI18n();
  const [outcome, setOutcome] = useState<Resolution | null>(null);
  const [{ reason }, change, clear] = useDraft(`decide.run.${attention.job.id}`, { reason: "" });
  const [lack, setLack] = useState<string | null>(null);
  const resolve = useResolve(attention.job);

  const say = (): void => {
    if (outcome === null) setLack(t.attention.pick);
    else if (reason.trim() === "") setLack(t.attention.words);
    else {
      setLack(null);
      resolve.mutate({ outcome, reason: reason.trim() }, { onSuccess: clear });
    }
  };
  return (
    <Stack gap="md">
      <Radio.Group label={t.attention.look} value={outcome} onChange={(value) => setOutcome(value)}>
        <Stack gap="sm" mt="sm">
          {attention.choices.map((choice) => (
            <ChoiceRadio key={choice.outcome} choice={choice} />
          ))}
        </Stack>
      </Radio.Group>
      <Textarea
        label={t.attention.reason}
        value={reason}
        maxLength={500}
        autosize={false}
        rows={2}
        onChange={(event) => change({ reason: event.currentTarget.value })}
      />
      {lack !== null && (
        <Text c="bad" role="alert">
          {lack}
        </Text>
      )}
      <ErrorNote error={resolve.error} />
      <Group>
        <ServerButton onClick={say} loading={resolve.isPending}>
          {t.attention.say}
        </ServerButton>
      </Group>
    </Stack>
  );
}

function Known({ attention, withJob }: { attention: Attention; withJob: boolean }) {
  const { t } = useI18n();
  const { job, cause } = attention;
  return (
    <>
      {cause !== null && <Text>{t.attention.causes[cause] ?? jobReason(t, job)}</Text>}
      <Text size="sm" c="dimmed">
        {withJob && (
          <>
            <Anchor component={Link} to={`/jobs/${job.id}`} underline="always">
              {t.attention.job}
            </Anchor>
            {" · "}
          </>
        )}
        {t.attention.owner(job.owner.name, job.run_no ?? 1)} · <Age at={attention.since} say={t.attention.open} />
      </Text>
      <EvidenceList evidence={attention.evidence} />
      {job.allowed_actions.includes("resolve") && <Decide attention={attention} />}
    </>
  );
}

function Asked({ job }: { job: Job }) {
  const { t } = useI18n();
  const query = useAttention(job.id);
  return (
    <StateGate query={query} what={t.attention.knownLoading} rows={2}>
      {(attention) => <Known attention={attention} withJob={false} />}
    </StateGate>
  );
}

/** Nobody knows what became of a run: a person looks, and their word decides. */
export function AttentionPanel({ job, attention }: { job: Job; attention?: Attention }) {
  const { t } = useI18n();
  const title =
    job.printer === null ? t.attention.titleNoPrinter(job.name) : t.attention.title(job.printer.name, job.name);
  return (
    <section className={classes["panel"]} data-state="open" aria-labelledby={`attention-${job.id}`}>
      <Title order={2} size="h3" id={`attention-${job.id}`}>
        {title}
      </Title>
      {attention !== undefined && <Known attention={attention} withJob />}
      {attention === undefined && job.allowed_actions.includes("resolve") && <Asked job={job} />}
      {attention === undefined && !job.allowed_actions.includes("resolve") && <Text>{t.attention.ownerText}</Text>}
    </section>
  );
}
