import { NativeSelect } from "@mantine/core";
import { IconBan } from "@tabler/icons-react";
import { memo, useState } from "react";
import { ConfirmDialog, type ConfirmWords } from "@/components/confirm-dialog";
import { Entry } from "@/components/entries";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { Chip, type Look } from "@/components/status-chip";
import { ROLES } from "@/features/people/search";
import { useI18n } from "@/lib/i18n/context";
import { usePersonAct, type PersonAct } from "@/lib/queries/admin";
import type { Member, Role } from "@/lib/wire";

const OUT: Look = [IconBan, "bad", "outline"];

function useWords(person: Member, act: PersonAct | null): ConfirmWords | null {
  const { t } = useI18n();
  const words = t.admin.people;
  switch (act?.kind) {
    case "role":
      return words.confirmRole(person.name, t.admin.roles[act.role]);
    case "disable":
      return words.confirmDisable(person.name);
    case "signout":
      return words.confirmSignOut(person.name);
    default:
      return null;
  }
}

/** A person with role and access; each act is asked about, and answered in place. */
export const PersonEntry = memo(function PersonEntry({ person, isMe }: { person: Member; isMe: boolean }) {
  const { t, f } = useI18n();
  const words = t.admin.people;
  const act = usePersonAct(person.id);
  const [asked, setAsked] = useState<PersonAct | null>(null);
  const question = useWords(person, asked);
  const button = (kind: "disable" | "enable" | "signout", label: string, run: () => void) => (
    <ServerButton
      variant="default"
      size="sm"
      aria-label={`${label}: ${person.name}`}
      loading={act.isPending && act.variables.kind === kind}
      onClick={run}
    >
      {label}
    </ServerButton>
  );
  return (
    <Entry
      title={isMe ? `${person.name} (${words.you})` : person.name}
      isDim={person.is_disabled}
      mark={person.is_disabled && <Chip look={OUT} label={words.disabled} />}
      facts={
        <>
          <span>{person.email}</span>
          <span>{words.since(f.day(person.created_at))}</span>
        </>
      }
      acts={
        <>
          <NativeSelect
            aria-label={words.roleOf(person.name)}
            value={asked?.kind === "role" ? asked.role : person.role}
            onChange={(event) => setAsked({ kind: "role", role: event.currentTarget.value as Role })}
            data={ROLES.map((value) => ({ value, label: t.admin.roles[value] }))}
          />
          {!person.is_disabled && button("signout", words.signOut, () => setAsked({ kind: "signout" }))}
          {person.is_disabled
            ? button("enable", words.enable, () => act.mutate({ kind: "enable" }))
            : button("disable", words.disable, () => setAsked({ kind: "disable" }))}
        </>
      }
      below={
        <>
          <ErrorNote error={act.error} />
          {asked !== null && question !== null && (
            <ConfirmDialog
              words={question}
              isGrave={asked.kind === "disable"}
              onNo={() => setAsked(null)}
              onYes={() => {
                setAsked(null);
                act.mutate(asked);
              }}
            />
          )}
        </>
      }
    />
  );
});
