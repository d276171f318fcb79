import { Checkbox, Stack } from "@mantine/core";
import { useI18n } from "@/lib/i18n/context";
import type { NoticeKind } from "@/lib/wire";

export const KINDS: readonly NoticeKind[] = [
  ...(["submitted", "refused", "approved", "returned", "rejected", "withdrawn"] as const),
  ...(["started", "done", "failed", "cancelled", "attention"] as const),
];

/** Ticks for what is told. */
export function KindTicks(props: {
  label: string;
  value: readonly NoticeKind[];
  onChange: (kinds: NoticeKind[]) => void;
}) {
  const { t } = useI18n();
  return (
    <Checkbox.Group
      label={props.label}
      value={[...props.value]}
      onChange={(values) => props.onChange(KINDS.filter((kind) => values.includes(kind)))}
    >
      <Stack gap="xs" mt="xs">
        {KINDS.map((kind) => (
          <Checkbox key={kind} value={kind} label={t.notices.kinds[kind]} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}
