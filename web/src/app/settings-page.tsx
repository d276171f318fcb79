import { Avatar, Button, Group, SegmentedControl, Stack, Text, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { ErrorNote } from "@/components/error-note";
import { LangToggle } from "@/components/lang-toggle";
import { DisplaySettings } from "@/app/display-settings";
import { leave } from "@/app/seat";
import { NotifySetting } from "@/app/notify-setting";
import { SettingsHead } from "@/app/settings-head";
import { api, unwrap } from "@/lib/api/client";
import { useI18n } from "@/lib/i18n/context";
import { useMe } from "@/lib/queries/me";

const SCHEMES: MantineColorScheme[] = ["auto", "light", "dark"];

function SignOut() {
  const { t } = useI18n();
  const signOut = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/signout")),
    onSuccess: leave,
  });
  return (
    <Stack gap="sm">
      <Group>
        <Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
          {t.app.signOut}
        </Button>
      </Group>
      <ErrorNote error={signOut.error} />
    </Stack>
  );
}

/** Who is signed in here, and how this browser shows things. */
export function SettingsPage() {
  const { t } = useI18n();
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Stack gap="xl" maw={760}>
      <SettingsHead tab={t.account.sections.here} />
      <Group wrap="nowrap">
        <Avatar src={me.data?.avatar_url ?? null} name={me.data?.name ?? ""} size="lg" color="accent" alt="" />
        <div>
          <Text fw={600}>{me.data?.name}</Text>
          <Text c="dimmed">
            {me.data?.email}
            {me.data !== undefined && ` · ${t.admin.roles[me.data.role]}`}
          </Text>
        </div>
      </Group>
      <Stack gap="xs" maw={420}>
        <Text fw={600}>{t.app.language}</Text>
        <LangToggle />
      </Stack>
      <Stack gap="xs" maw={420}>
        <Text fw={600}>{t.app.theme.label}</Text>
        <SegmentedControl
          fullWidth
          aria-label={t.app.theme.label}
          value={colorScheme}
          onChange={(value) => setColorScheme(value)}
          data={SCHEMES.map((value) => ({ value, label: t.app.theme[value] }))}
        />
      </Stack>
      <DisplaySettings />
      <NotifySetting />
      <SignOut />
    </Stack>
  );
}
