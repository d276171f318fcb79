import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Age } from "@/components/age";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { CopyField } from "@/components/copy-field";
import { Entries, Entry } from "@/components/entries";
import { ErrorNote } from "@/components/error-note";
import { Section } from "@/components/section";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import { TokenForm } from "@/features/account/token-form";
import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import { useRevokeToken, useTokens } from "@/lib/queries/account";
import type { Token } from "@/lib/wire";

function TokenEntry({ token }: { token: Token }) {
  const { t, f } = useI18n();
  const words = t.account.tokens;
  const revoke = useRevokeToken();
  const [isAsked, setAsked] = useState(false);
  const isOver = useNow() > Date.parse(token.expires_at);
  const day = f.day(token.expires_at);
  return (
    <Entry
      title={token.name}
      isDim={isOver}
      facts={
        <>
          <span>{token.scopes.map((scope) => words.scopes[scope].label).join(", ")}</span>
          <span>{isOver ? words.ended(day) : words.until(day)}</span>
          {token.last_used_at === null ? (
            <span>{words.neverUsed}</span>
          ) : (
            <Age at={token.last_used_at} say={words.used} />
          )}
        </>
      }
      acts={
        <ServerButton
          variant="default"
          size="sm"
          aria-label={`${words.revoke}: ${token.name}`}
          loading={revoke.isPending}
          onClick={() => setAsked(true)}
        >
          {words.revoke}
        </ServerButton>
      }
      below={
        <>
          <ErrorNote error={revoke.error} />
          {isAsked && (
            <ConfirmDialog
              words={words.confirm(token.name)}
              isGrave
              onNo={() => setAsked(false)}
              onYes={() => {
                setAsked(false);
                revoke.mutate(token.id);
              }}
            />
          )}
        </>
      }
    />
  );
}

/** Keys for scripts; a secret is on the page until one says that it was copied, or leaves. */
export function Tokens() {
  const { t } = useI18n();
  const words = t.account.tokens;
  const query = useTokens();
  const [made, setMade] = useState<{ name: string; secret: string } | null>(null);
  return (
    <Section id="tokens" title={words.title} hint={words.hint}>
      <StateGate query={query} what={words.what} rows={1}>
        {(tokens) =>
          tokens.length === 0 ? (
            <Text c="dimmed">{words.none}</Text>
          ) : (
            <Entries label={words.list}>
              {tokens.map((token) => (
                <TokenEntry key={token.id} token={token} />
              ))}
            </Entries>
          )
        }
      </StateGate>
      {made === null ? (
        <Paper withBorder p="lg" bg="var(--ll-card)">
          <TokenForm onMade={(name, secret) => setMade({ name, secret })} />
        </Paper>
      ) : (
        <Paper withBorder p="lg" bg="var(--ll-card)" role="status">
          <Stack gap="sm">
            <CopyField label={words.secret(made.name)} text={made.secret} />
            <Text fw={600}>{words.once}</Text>
            <Group>
              <Button variant="default" onClick={() => setMade(null)}>
                {words.hide}
              </Button>
            </Group>
          </Stack>
        </Paper>
      )}
    </Section>
  );
}
