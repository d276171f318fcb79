import { Checkbox, SegmentedControl, Stack, Text } from "@mantine/core";
import { keysChoice, UNDO_CHOICES, undoChoice } from "@/lib/choices";
import { useI18n } from "@/lib/i18n/context";
import { useMe } from "@/lib/queries/me";
import { useStore } from "@/lib/store";

/** For those who decide: how long an approval can be taken back, and whether letters are shortcuts. */
export function DisplaySettings() {
  const { t } = useI18n();
  const me = useMe();
  const undo = useStore(undoChoice);
  const keys = useStore(keysChoice);
  if (me.data === undefined || me.data.role === "member") return null;
  return (
    <>
      <Stack gap="xs" maw={420}>
        <Text fw={600}>{t.display.undo}</Text>
        <SegmentedControl
          fullWidth
          aria-label={t.display.undo}
          value={undo}
          onChange={(value) => undoChoice.set(value)}
          data={UNDO_CHOICES.map((value) => ({ value, label: t.display.seconds(Number(value)) }))}
        />
      </Stack>
      <Stack gap="xs" maw={420}>
        <Text fw={600}>{t.display.keys}</Text>
        <Checkbox
          label={t.display.keysLabel}
          description={t.display.keysHint}
          checked={keys === "on"}
          onChange={(event) => keysChoice.set(event.currentTarget.checked ? "on" : "off")}
        />
      </Stack>
    </>
  );
}
