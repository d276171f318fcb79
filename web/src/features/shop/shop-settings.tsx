import { ActionIcon, Button, Checkbox, Group, NumberInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { ErrorNote } from "@/components/error-note";
import { StateGate } from "@/components/state-gate";
import { draftOf, settingsOf, type Draft, type Field } from "@/features/shop/draft";
import { useI18n } from "@/lib/i18n/context";
import { useQueues } from "@/lib/queries/queues";
import { useChangeShop, useShop } from "@/lib/queries/shop";
import type { ShopSettings as Settings } from "@/lib/wire";

const MAX = 1_000_000;
const MIN_HOURS = 0.02;

function Amount(props: { label: string; value: Field; onChange: (value: Field) => void; hint?: string; min?: number }) {
  const { f } = useI18n();
  return (
    <NumberInput
      label={props.label}
      description={props.hint}
      value={props.value}
      min={props.min ?? 0}
      max={MAX}
      decimalScale={4}
      decimalSeparator={f.decimalSign}
      hideControls
      onChange={(value) => props.onChange(typeof value === "number" ? value : "")}
    />
  );
}

function Materials({ draft, set }: { draft: Draft; set: (change: Partial<Draft>) => void }) {
  const { t } = useI18n();
  const change = (id: number, part: Partial<Draft["materials"][number]>): void =>
    set({ materials: draft.materials.map((each) => (each.id === id ? { ...each, ...part } : each)) });
  const nextId = 1 + Math.max(-1, ...draft.materials.map((each) => each.id));
  return (
    <Stack gap="xs">
      {draft.materials.map((each) => (
        <Group key={each.id} gap="xs" align="end" wrap="nowrap">
          <TextInput
            label={t.shop.material}
            value={each.name}
            maxLength={32}
            onChange={(event) => change(each.id, { name: event.currentTarget.value })}
          />
          <Amount label={t.shop.price} value={each.price} onChange={(value) => change(each.id, { price: value })} />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t.shop.removeMaterial(each.name)}
            onClick={() => set({ materials: draft.materials.filter((other) => other.id !== each.id) })}
          >
            <IconTrash size={18} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      <Group>
        <Button
          variant="default"
          size="sm"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => set({ materials: [...draft.materials, { id: nextId, name: "", price: "" }] })}
        >
          {t.shop.addMaterial}
        </Button>
      </Group>
    </Stack>
  );
}

function Limits({ draft, set }: { draft: Draft; set: (change: Partial<Draft>) => void }) {
  const { t } = useI18n();
  const queues = useQueues();
  return (
    <>
      <Amount
        label={t.shop.limit}
        hint={t.shop.limitHint}
        min={MIN_HOURS}
        value={draft.limitHours}
        onChange={(limitHours) => set({ limitHours })}
      />
      {(queues.data ?? []).map((queue) => (
        <Amount
          key={queue.name}
          label={t.shop.queueLimit(queue.title)}
          hint={t.shop.queueLimitHint}
          min={MIN_HOURS}
          value={draft.queueHours[queue.name] ?? ""}
          onChange={(value) => set({ queueHours: { ...draft.queueHours, [queue.name]: value } })}
        />
      ))}
    </>
  );
}

/** What everybody may print in a month, unless they have a quota of their own. */
function Quotas({ draft, set }: { draft: Draft; set: (change: Partial<Draft>) => void }) {
  const { t } = useI18n();
  return (
    <>
      <Amount
        label={t.quota.everybodyGrams}
        hint={t.quota.empty}
        value={draft.monthGrams}
        onChange={(monthGrams) => set({ monthGrams })}
      />
      <Amount
        label={t.quota.everybodyHours}
        hint={t.quota.empty}
        value={draft.monthHours}
        onChange={(monthHours) => set({ monthHours })}
      />
      <Checkbox
        label={t.quota.mayExceed}
        description={t.quota.mayExceedHint}
        checked={draft.mayExceed}
        onChange={(event) => set({ mayExceed: event.currentTarget.checked })}
      />
    </>
  );
}

/** A new version, one's own or somebody else's, is shown in fresh fields; `save` outlives them. */
function Form(props: { settings: Settings; version: number; save: ReturnType<typeof useChangeShop> }) {
  const { settings, version, save } = props;
  const { t } = useI18n();
  const [draft, setDraft] = useState(() => draftOf(settings));
  const set = (change: Partial<Draft>): void => {
    save.reset();
    setDraft({ ...draft, ...change });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ version, settings: settingsOf(draft) });
      }}
    >
      <Stack gap="md">
        <TextInput
          label={t.shop.currency}
          description={t.shop.currencyHint}
          value={draft.currency}
          maxLength={3}
          required
          pattern="[A-Za-z]{3}"
          onChange={(event) => set({ currency: event.currentTarget.value })}
        />
        <Materials draft={draft} set={set} />
        <Amount label={t.shop.otherPrice} value={draft.otherPrice} onChange={(otherPrice) => set({ otherPrice })} />
        <Amount label={t.shop.electricity} value={draft.electricity} onChange={(electricity) => set({ electricity })} />
        <Limits draft={draft} set={set} />
        <Quotas draft={draft} set={set} />
        <Checkbox
          label={t.shop.family}
          description={t.shop.familyHint}
          checked={draft.allowsFamily}
          onChange={(event) => set({ allowsFamily: event.currentTarget.checked })}
        />
        <Group>
          <Button type="submit" loading={save.isPending}>
            {t.shop.save}
          </Button>
          {save.isSuccess && <Text role="status">{t.shop.saved}</Text>}
        </Group>
        <ErrorNote error={save.error} />
      </Stack>
    </form>
  );
}

/** Prices and limits; for admins. */
export function ShopSettings() {
  const { t } = useI18n();
  const query = useShop();
  const save = useChangeShop();
  return (
    <Stack gap="sm" component="section" aria-labelledby="shop">
      <Title order={2} size="h3" id="shop">
        {t.shop.title}
      </Title>
      <StateGate query={query} what={t.shop.what}>
        {({ settings, version }) => <Form key={version} settings={settings} version={version} save={save} />}
      </StateGate>
    </Stack>
  );
}
