import { Stack } from "@mantine/core";
import { SettingsHead } from "@/app/settings-head";
import { Choices } from "@/features/notices/choices";
import { useI18n } from "@/lib/i18n/context";

/** What one is told when one is not looking. */
export function NoticesPage() {
  const { t } = useI18n();
  return (
    <Stack gap="xl" maw={760}>
      <SettingsHead tab={t.notices.title} />
      <Choices />
    </Stack>
  );
}
