import { Group, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Age } from "@/components/age";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Entries, Entry } from "@/components/entries";
import { ErrorNote } from "@/components/error-note";
import { Section } from "@/components/section";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import { issuerName } from "@/features/account/words";
import { useI18n } from "@/lib/i18n/context";
import { useIdentities, useLinkIdentity, useProviders, useUnlinkIdentity } from "@/lib/queries/account";
import type { LinkedIdentity } from "@/lib/wire";

function AddWay() {
  const { t } = useI18n();
  const providers = useProviders();
  const link = useLinkIdentity();
  return (
    <>
      <Group gap="sm">
        {(providers.data ?? []).map((provider) => (
          <ServerButton
            key={provider.id}
            variant="default"
            leftSection={<IconPlus size={16} aria-hidden />}
            loading={link.isPending && link.variables === provider.id}
            onClick={() => link.mutate(provider.id)}
          >
            {t.account.identities.add(provider.name)}
          </ServerButton>
        ))}
      </Group>
      <ErrorNote error={link.error} />
    </>
  );
}

function Ways({ identities }: { identities: readonly LinkedIdentity[] }) {
  const { t } = useI18n();
  const words = t.account.identities;
  const providers = useProviders().data ?? [];
  const unlink = useUnlinkIdentity();
  const [asked, setAsked] = useState<string | null>(null);
  const isOnly = identities.length === 1;
  return (
    <>
      <Entries label={words.title}>
        {identities.map((each) => (
          <Entry
            key={each.id}
            title={issuerName(each.issuer, providers)}
            facts={
              <>
                {each.email !== null && <span>{each.email}</span>}
                <Age at={each.last_used_at} say={words.used} />
              </>
            }
            acts={
              !isOnly && (
                <ServerButton
                  variant="default"
                  size="sm"
                  aria-label={`${words.remove}: ${issuerName(each.issuer, providers)} ${each.email ?? ""}`}
                  loading={unlink.isPending && unlink.variables === each.id}
                  onClick={() => setAsked(each.id)}
                >
                  {words.remove}
                </ServerButton>
              )
            }
          />
        ))}
      </Entries>
      {isOnly && (
        <Text size="sm" c="dimmed">
          {words.only}
        </Text>
      )}
      <ErrorNote error={unlink.error} />
      {asked !== null && (
        <ConfirmDialog
          words={words.confirm}
          isGrave
          onNo={() => setAsked(null)}
          onYes={() => {
            setAsked(null);
            unlink.mutate(asked);
          }}
        />
      )}
    </>
  );
}

/** By which providers one comes in; one always stays. */
export function Identities() {
  const { t } = useI18n();
  const query = useIdentities();
  return (
    <Section id="identities" title={t.account.identities.title} hint={t.account.identities.hint}>
      <StateGate query={query} what={t.account.identities.what} rows={1}>
        {(identities) => <Ways identities={identities} />}
      </StateGate>
      <AddWay />
    </Section>
  );
}
