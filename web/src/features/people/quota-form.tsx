import { Group, NumberInput, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { useI18n } from "@/lib/i18n/context";
import { useChangeQuota } from "@/lib/queries/quotas";
import type { Member, PersonQuota } from "@/lib/wire";

type Field = number | "";

const field = (value: string | number): Field => (typeof value === "number" ? value : "");
const limit = (value: Field): number | null => (value === "" ? null : value);

/** What one person may print in a month, where it differs from everybody's. */
export function QuotaForm({ person, quota }: { person: Member; quota: PersonQuota }) {
  const { t } = useI18n();
  const { limits } = quota.quota;
  const [grams, setGrams] = useState<Field>(limits.grams ?? "");
  const [hours, setHours] = useState<Field>(limits.hours ?? "");
  const save = useChangeQuota(person.id);
  return (
    <form
      aria-label={t.quota.of(person.name)}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ grams: limit(grams), hours: limit(hours) });
      }}
    >
      <Stack gap="sm" pt="sm">
        <Group gap="md" align="flex-end">
          <NumberInput
            label={t.quota.gramsLabel}
            description={t.quota.empty}
            min={0}
            hideControls
            value={grams}
            onChange={(value) => setGrams(field(value))}
          />
          <NumberInput
            label={t.quota.hoursLabel}
            description={t.quota.empty}
            min={0}
            hideControls
            value={hours}
            onChange={(value) => setHours(field(value))}
          />
          <ServerButton type="submit" loading={save.isPending}>
            {t.quota.save}
          </ServerButton>
          {quota.is_own && (
            <ServerButton variant="default" loading={save.isPending} onClick={() => save.mutate(null)}>
              {t.quota.everybody}
            </ServerButton>
          )}
        </Group>
        <Text size="sm" role="status">
          {save.isSuccess && t.shop.saved}
        </Text>
        <ErrorNote error={save.error} />
      </Stack>
    </form>
  );
}
