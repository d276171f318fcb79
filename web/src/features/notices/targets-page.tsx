import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconPlayerPause } from "@tabler/icons-react";
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { CopyField } from "@/components/copy-field";
import { Entries, Entry } from "@/components/entries";
import { ErrorNote } from "@/components/error-note";
import { Section } from "@/components/section";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import { Chip, type Look } from "@/components/status-chip";
import { Deliveries } from "@/features/notices/deliveries";
import { TargetForm } from "@/features/notices/target-form";
import { useI18n } from "@/lib/i18n/context";
import { useRemoveTarget, useSwitchTarget, useTargets, useTryTarget } from "@/lib/queries/notices";
import type { NoticeTarget } from "@/lib/wire";

const OFF: Look = [IconPlayerPause, "quiet", "light"];

function Acts(props: { target: NoticeTarget; isOpen: boolean; onOpen: (isOpen: boolean) => void; onRemove: () => void }) {
  const { t } = useI18n();
  const words = t.notices.targets;
  const { target } = props;
  const turn = useSwitchTarget();
  const tryOut = useTryTarget();
  const named = (what: string): string => `${what}: ${target.name}`;
  const turning = target.is_enabled ? words.turnOff : words.turnOn;
  return (
    <>
      <ServerButton
        variant="default"
        size="sm"
        aria-label={named(words.test)}
        loading={tryOut.isPending}
        onClick={() => tryOut.mutate(target.id, { onSuccess: () => props.onOpen(true) })}
      >
        {words.test}
      </ServerButton>
      <Button
        variant="default"
        size="sm"
        aria-label={named(words.log)}
        aria-expanded={props.isOpen}
        onClick={() => props.onOpen(!props.isOpen)}
      >
        {words.log}
      </Button>
      <ServerButton
        variant="default"
        size="sm"
        aria-label={named(turning)}
        loading={turn.isPending}
        onClick={() => turn.mutate(target)}
      >
        {turning}
      </ServerButton>
      <ServerButton variant="default" size="sm" aria-label={named(words.remove)} onClick={props.onRemove}>
        {words.remove}
      </ServerButton>
      <ErrorNote error={turn.error ?? tryOut.error} />
    </>
  );
}

function TargetEntry({ target }: { target: NoticeTarget }) {
  const { t } = useI18n();
  const words = t.notices.targets;
  const remove = useRemoveTarget();
  const [isOpen, setOpen] = useState(false);
  const [isAsked, setAsked] = useState(false);
  return (
    <Entry
      title={target.name}
      isDim={!target.is_enabled}
      mark={!target.is_enabled && <Chip look={OFF} label={words.paused} />}
      facts={
        <>
          <span>{words.forms[target.form]}</span>
          <span>{words.told(target.kinds.length)}</span>
        </>
      }
      acts={<Acts target={target} isOpen={isOpen} onOpen={setOpen} onRemove={() => setAsked(true)} />}
      below={
        <>
          <ErrorNote error={remove.error} />
          {isOpen && <Deliveries target={target} />}
          {isAsked && (
            <ConfirmDialog
              words={words.confirm(target.name)}
              isGrave
              onNo={() => setAsked(false)}
              onYes={() => {
                setAsked(false);
                remove.mutate(target.id);
              }}
            />
          )}
        </>
      }
    />
  );
}

/** Where notices go, and what became of them; a webhook's key is on the page until it is left. */
export function TargetsPage() {
  const { t } = useI18n();
  const words = t.notices.targets;
  const query = useTargets();
  const [made, setMade] = useState<{ name: string; key: string } | null>(null);
  return (
    <Section id="targets" title={words.title} hint={words.hint}>
      <StateGate query={query} what={words.what} rows={1}>
        {({ is_possible, targets }) => (
          <Stack gap="md">
            {!is_possible && <Text fw={600}>{words.off}</Text>}
            {targets.length === 0 ? (
              <Text c="dimmed">{words.none}</Text>
            ) : (
              <Entries label={words.title}>
                {targets.map((target) => (
                  <TargetEntry key={target.id} target={target} />
                ))}
              </Entries>
            )}
          </Stack>
        )}
      </StateGate>
      <Paper withBorder p="lg" bg="var(--ll-card)" role={made === null ? undefined : "status"}>
        {made === null ? (
          <TargetForm onMade={(name, key) => key !== null && setMade({ name, key })} />
        ) : (
          <Stack gap="sm">
            <CopyField label={words.key(made.name)} text={made.key} />
            <Text fw={600}>{words.once}</Text>
            <Group>
              <Button variant="default" onClick={() => setMade(null)}>
                {words.hide}
              </Button>
            </Group>
          </Stack>
        )}
      </Paper>
    </Section>
  );
}
