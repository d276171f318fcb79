import { Button, NativeSelect } from "@mantine/core";
import { IconBan } from "@tabler/icons-react";
import { memo, useState } from "react";
import { ConfirmDialog, type ConfirmWords } from "@/components/confirm-dialog";
import { Entry } from "@/components/entries";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { Chip, type Look } from "@/components/status-chip";
import { QuotaForm } from "@/features/people/quota-form";
import { ROLES } from "@/features/people/search";
import { useI18n } from "@/lib/i18n/context";
import { usePersonAct, type PersonAct } from "@/lib/queries/admin";
import { quotaLines } from "@/lib/quota";
import type { Member, PersonQuota, Role } from "@/lib/wire";

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

function QuotaPart(props: { isOpen: boolean; person: Member; quota: PersonQuota | undefined }) {
  const { quota } = props;
  if (!props.isOpen || quota === undefined) return null;
  return <QuotaForm key={JSON.stringify(quota.quota.limits)} person={props.person} quota={quota} />;
}

/** How much of the month is gone, where there is a limit. */
function QuotaFacts({ quota }: { quota: PersonQuota | undefined }) {
  const { t, f } = useI18n();
  if (quota === undefined) return null;
  const parts = quotaLines(quota.quota, 0, 0).map(({ unit, gone, limit }) => {
    const say = (value: number): string => (unit === "g" ? f.grams(value) : f.duration(value));
    return t.quota.mine(say(gone), say(limit));
  });
  if (parts.length === 0) return null;
  return (
    <span className="num">
      {parts.join(", ")}
      {quota.is_own && ` (${t.quota.own})`}
    </span>
  );
}

/** A person with role and access; each act is asked about, and answered in place. */
export const PersonEntry = memo(function PersonEntry(props: {
  person: Member;
  isMe: boolean;
  quota: PersonQuota | undefined;
}) {
  const { person, isMe, quota } = props;
  const [isSettingQuota, setSettingQuota] = useState(false);
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
          <QuotaFacts quota={quota} />
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
          <Button
            variant="default"
            size="sm"
            aria-expanded={isSettingQuota}
            aria-label={t.quota.of(person.name)}
            onClick={() => setSettingQuota(!isSettingQuota)}
          >
            {t.quota.set}
          </Button>
          {!person.is_disabled && button("signout", words.signOut, () => setAsked({ kind: "signout" }))}
          {person.is_disabled
            ? button("enable", words.enable, () => act.mutate({ kind: "enable" }))
            : button("disable", words.disable, () => setAsked({ kind: "disable" }))}
        </>
      }
      below={
        <>
          <QuotaPart isOpen={isSettingQuota} person={person} quota={quota} />
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
