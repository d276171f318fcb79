import { Stack } from "@mantine/core";
import { SettingsHead } from "@/app/settings-head";
import { Identities } from "@/features/account/identities";
import { Sessions } from "@/features/account/sessions";
import { Tokens } from "@/features/account/tokens";
import { leave } from "@/app/seat";
import { useI18n } from "@/lib/i18n/context";

/** How one comes in, where one is signed in, and what acts in one's name. */
export function AccountPage() {
  const { t } = useI18n();
  return (
    <Stack gap="xl" maw={760}>
      <SettingsHead tab={t.account.sections.account} />
      <Identities />
      <Sessions onOut={leave} />
      <Tokens />
    </Stack>
  );
}
