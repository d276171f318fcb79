import { Checkbox, Group, NativeSelect, Stack, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { TOKEN_DAYS } from "@/features/account/words";
import { useDraft } from "@/lib/draft";
import { useI18n } from "@/lib/i18n/context";
import { useMakeToken } from "@/lib/queries/account";
import type { Scope } from "@/lib/wire";

const SCOPES: readonly Scope[] = ["read", "submit", "operate"];
const MAX_NAME = 100;

/** Asks for a token; `onMade` gets the secret, which is kept nowhere else. */
export function TokenForm({ onMade }: { onMade: (name: string, secret: string) => void }) {
  const { t } = useI18n();
  const words = t.account.tokens;
  const [draft, change, clear] = useDraft("token", { name: "", scopes: ["read"] as string[], days: 90 });
  const [isTold, setTold] = useState(false);
  const make = useMakeToken();
  const scopes = SCOPES.filter((scope) => draft.scopes.includes(scope));
  const send = (): void => {
    setTold(scopes.length === 0);
    if (scopes.length === 0) return;
    make.mutate(
      { name: draft.name.trim(), scopes, days: draft.days },
      {
        onSuccess: ({ token, secret }) => {
          clear();
          onMade(token.name, secret);
        },
      },
    );
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Stack gap="md" maw={480}>
        <Title order={3}>{words.newOne}</Title>
        <TextInput
          label={words.name}
          description={words.nameHint}
          required
          maxLength={MAX_NAME}
          pattern=".*\S.*"
          value={draft.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <Checkbox.Group
          label={words.scopesLabel}
          value={scopes}
          onChange={(values) => change({ scopes: values })}
          error={isTold && scopes.length === 0 ? words.needsScope : null}
        >
          <Stack gap="xs" mt="xs">
            {SCOPES.map((scope) => (
              <Checkbox
                key={scope}
                value={scope}
                label={words.scopes[scope].label}
                description={words.scopes[scope].hint}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <NativeSelect
          label={words.days}
          value={String(draft.days)}
          onChange={(event) => change({ days: Number(event.currentTarget.value) })}
          data={TOKEN_DAYS.map((days) => ({ value: String(days), label: words.dayCount(days) }))}
        />
        <Group>
          <ServerButton type="submit" loading={make.isPending}>
            {words.make}
          </ServerButton>
        </Group>
        <ErrorNote error={make.error} />
      </Stack>
    </form>
  );
}
