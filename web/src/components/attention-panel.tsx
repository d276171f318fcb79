import { Group, Radio, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import classes from "@/components/bed-panel.module.css";
import { Age } from "@/components/age";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import { useI18n } from "@/lib/i18n/context";
import type { Job, Resolution } from "@/lib/wire";

const CHOICES: readonly Resolution[] = ["printing", "done", "failed", "released"];

function useResolve(job: Job) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { outcome: Resolution; reason: string }) =>
      unwrap(api.POST("/api/runs/{run_id}/resolve", { params: { path: { run_id: job.run_id ?? "" } }, body })),
    onSuccess: (after) => client.setQueryData(keys.jobs.detail(after.id), after),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.jobs.lists });
      void client.invalidateQueries({ queryKey: keys.printers.all });
    },
  });
}

function Decide({ job }: { job: Job }) {
  const { t } = useI18n();
  const [outcome, setOutcome] = useState<Resolution | null>(null);
  const [reason, setReason] = useState("");
  const [lack, setLack] = useState<string | null>(null);
  const resolve = useResolve(job);

  const say = (): void => {
    if (outcome === null) setLack(t.attention.pick);
    else if (reason.trim() === "") setLack(t.attention.words);
    else {
      setLack(null);
      resolve.mutate({ outcome, reason: reason.trim() });
    }
  };
  return (
    <Stack gap="md">
      <Radio.Group
        label={t.attention.look}
        value={outcome}
        onChange={(value) => setOutcome(value)}
      >
        <Stack gap="sm" mt="sm">
          {CHOICES.map((choice) => (
            <Radio
              key={choice}
              value={choice}
              label={t.attention.choices[choice].label}
              description={t.attention.choices[choice].hint}
            />
          ))}
        </Stack>
      </Radio.Group>
      <Textarea
        label={t.attention.reason}
        value={reason}
        maxLength={500}
        autosize={false}
        rows={2}
        onChange={(event) => setReason(event.currentTarget.value)}
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

/** Nobody knows what became of a run: a person looks, and their word decides. */
export function AttentionPanel({ job }: { job: Job }) {
  const { t } = useI18n();
  const title =
    job.printer === null ? t.attention.titleNoPrinter(job.name) : t.attention.title(job.printer.name, job.name);
  const since = job.ended_at ?? job.started_at;
  return (
    <section className={classes["panel"]} data-state="open" aria-labelledby={`attention-${job.id}`}>
      <Title order={2} size="h3" id={`attention-${job.id}`}>
        {title}
      </Title>
      {job.reason !== null && <Text>{job.reason}</Text>}
      {job.advice !== null && <Text>{job.advice}</Text>}
      <Text size="sm" c="dimmed">
        {job.code !== null && t.common.code(job.code)} {since !== null && <Age at={since} />}
      </Text>
      {job.allowed_actions.includes("resolve") ? <Decide job={job} /> : <Text>{t.attention.ownerText}</Text>}
    </section>
  );
}
