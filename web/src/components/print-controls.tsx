import { Checkbox, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { useState } from "react";
import { CommandAnswer } from "@/components/command-answer";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { useI18n } from "@/lib/i18n/context";
import { useArtifact } from "@/lib/queries/artifacts";
import { useSkip, useSpeed } from "@/lib/queries/jobs";
import type { Job } from "@/lib/wire";

const LEVELS = [1, 2, 3, 4] as const;

function SkipDialog(props: { job: Job; onYes: (ids: number[]) => void; onNo: () => void }) {
  const { t } = useI18n();
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const artifact = useArtifact(props.job.artifact_id);
  const objects = artifact.data?.plates.find((plate) => plate.index === props.job.plate)?.objects ?? [];
  const isPossible = chosen.length > 0 && chosen.length < objects.length;
  return (
    <ConfirmDialog
      words={t.act.confirm.skip}
      isGrave
      isReady={isPossible}
      onYes={() => props.onYes([...chosen])}
      onNo={props.onNo}
    >
      <ErrorNote error={artifact.error} />
      {artifact.isSuccess && objects.length < 2 && <Text c="dimmed">{t.act.oneObject}</Text>}
      <Stack gap="xs">
        {objects.length > 1 &&
          objects.map((each) => (
            <Checkbox
              key={each.id}
              label={each.name}
              checked={chosen.includes(each.id)}
              onChange={(event) =>
                setChosen(event.currentTarget.checked ? [...chosen, each.id] : chosen.filter((id) => id !== each.id))
              }
            />
          ))}
      </Stack>
    </ConfirmDialog>
  );
}

/** Speed of a running print, and leaving out what failed on the plate. */
export function PrintControls({ job }: { job: Job }) {
  const { t } = useI18n();
  const { online: isOnline } = useNetwork();
  const speed = useSpeed();
  const skip = useSkip();
  const [isAsked, setAsked] = useState(false);
  const may = { speed: job.allowed_actions.includes("speed"), skip: job.allowed_actions.includes("skip") };
  if (!may.speed && !may.skip) return null;
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-end">
        {may.speed && (
          <NativeSelect
            size="sm"
            label={t.act.speed}
            value=""
            disabled={!isOnline || speed.isPending}
            data={[
              { value: "", label: t.act.chooseSpeed, disabled: true },
              ...LEVELS.map((level) => ({ value: String(level), label: t.act.speeds[level] })),
            ]}
            onChange={(event) => speed.mutate({ jobId: job.id, level: Number(event.currentTarget.value) })}
          />
        )}
        {may.skip && (
          <ServerButton variant="default" size="sm" loading={skip.isPending} onClick={() => setAsked(true)}>
            {t.act.skip}
          </ServerButton>
        )}
      </Group>
      <CommandAnswer command={speed.data} />
      <CommandAnswer command={skip.data} />
      <ErrorNote error={speed.error ?? skip.error} />
      {isAsked && (
        <SkipDialog
          job={job}
          onNo={() => setAsked(false)}
          onYes={(objectIds) => {
            setAsked(false);
            skip.mutate({ jobId: job.id, objectIds });
          }}
        />
      )}
    </Stack>
  );
}
