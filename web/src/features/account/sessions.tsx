import { Group } from "@mantine/core";
import { IconDeviceDesktop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Age } from "@/components/age";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Entries, Entry } from "@/components/entries";
import { ErrorNote } from "@/components/error-note";
import { Section } from "@/components/section";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import { Chip, type Look } from "@/components/status-chip";
import { api, unwrap } from "@/lib/api/client";
import { browserName } from "@/lib/browser";
import { useI18n } from "@/lib/i18n/context";
import { useEndSession, useSessions } from "@/lib/queries/account";
import type { OpenSession } from "@/lib/wire";

const HERE: Look = [IconDeviceDesktop, "good", "light"];

function SessionEntry({ session }: { session: OpenSession }) {
  const { t } = useI18n();
  const words = t.account.sessions;
  const end = useEndSession();
  const name = browserName(session.user_agent) ?? words.unknown;
  return (
    <Entry
      title={name}
      mark={session.is_this && <Chip look={HERE} label={words.here} />}
      facts={
        <>
          <Age at={session.last_used_at} say={words.used} />
          <Age at={session.signed_in_at} say={words.signedIn} />
          {session.ip !== null && <span>{words.from(session.ip)}</span>}
        </>
      }
      acts={
        !session.is_this && (
          <ServerButton
            variant="default"
            size="sm"
            aria-label={`${words.end}: ${name}`}
            loading={end.isPending}
            onClick={() => end.mutate(session.id)}
          >
            {words.end}
          </ServerButton>
        )
      }
      below={<ErrorNote error={end.error} />}
    />
  );
}

/** The browsers in which one is signed in; `onOut` runs when this one no longer is. */
export function Sessions({ onOut }: { onOut: () => void }) {
  const { t } = useI18n();
  const words = t.account.sessions;
  const query = useSessions();
  const [isAsked, setAsked] = useState(false);
  const endAll = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/me/sessions")),
    onSuccess: onOut,
  });
  return (
    <Section id="sessions" title={words.title}>
      <StateGate query={query} what={words.what} rows={1}>
        {(sessions) => (
          <Entries label={words.title}>
            {[...sessions]
              .sort((a, b) => Number(b.is_this) - Number(a.is_this))
              .map((session) => (
                <SessionEntry key={session.id} session={session} />
              ))}
          </Entries>
        )}
      </StateGate>
      <Group>
        <ServerButton variant="default" loading={endAll.isPending} onClick={() => setAsked(true)}>
          {words.endAll}
        </ServerButton>
      </Group>
      <ErrorNote error={endAll.error} />
      {isAsked && (
        <ConfirmDialog
          words={words.confirm}
          isGrave
          onNo={() => setAsked(false)}
          onYes={() => {
            setAsked(false);
            endAll.mutate();
          }}
        />
      )}
    </Section>
  );
}
