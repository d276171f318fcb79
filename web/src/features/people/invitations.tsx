import { NativeSelect, Text, TextInput } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { Age } from "@/components/age";
import { CopyField } from "@/components/copy-field";
import { Entries, Entry } from "@/components/entries";
import { ErrorNote } from "@/components/error-note";
import fields from "@/components/fields-row.module.css";
import { Section } from "@/components/section";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import { ROLES } from "@/features/people/search";
import { useDraft } from "@/lib/draft";
import { useI18n } from "@/lib/i18n/context";
import { useInvitations, useInvite, useWithdrawInvitation } from "@/lib/queries/admin";
import type { Invitation, Role } from "@/lib/wire";

function InviteForm() {
  const { t } = useI18n();
  const words = t.admin.invitations;
  const invite = useInvite();
  const [draft, change, clear] = useDraft("invite", { email: "", role: "member" });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        invite.mutate({ email: draft.email.trim(), role: draft.role as Role }, { onSuccess: clear });
      }}
    >
      <div className={fields["row"]}>
        <TextInput
          className={fields["grow"] ?? ""}
          type="email"
          label={words.email}
          required
          maxLength={320}
          value={draft.email}
          onChange={(event) => change({ email: event.currentTarget.value })}
        />
        <NativeSelect
          label={words.role}
          value={draft.role}
          onChange={(event) => change({ role: event.currentTarget.value })}
          data={ROLES.map((value) => ({ value, label: t.admin.roles[value] }))}
        />
        <ServerButton type="submit" leftSection={<IconUserPlus size={18} aria-hidden />} loading={invite.isPending}>
          {words.invite}
        </ServerButton>
      </div>
      <Text size="sm" c="dimmed" mt="xs">
        {t.admin.roles[draft.role as Role]}: {t.admin.roleHints[draft.role as Role]}
      </Text>
      <ErrorNote error={invite.error} />
      {invite.isSuccess && (
        <div role="status">
          <Text my="xs">{words.done(invite.data.email)}</Text>
          <CopyField label={words.address} text={`${window.location.origin}/signin`} />
        </div>
      )}
    </form>
  );
}

function InvitationEntry({ invitation }: { invitation: Invitation }) {
  const { t, f } = useI18n();
  const words = t.admin.invitations;
  const withdraw = useWithdrawInvitation();
  return (
    <Entry
      title={invitation.email}
      facts={
        <>
          <span>{t.admin.roles[invitation.role]}</span>
          <Age at={invitation.created_at} say={words.invited} />
          <span>{words.until(f.day(invitation.expires_at))}</span>
        </>
      }
      acts={
        <ServerButton
          variant="default"
          size="sm"
          aria-label={`${words.withdraw}: ${invitation.email}`}
          loading={withdraw.isPending}
          onClick={() => withdraw.mutate(invitation.id)}
        >
          {words.withdraw}
        </ServerButton>
      }
      below={<ErrorNote error={withdraw.error} />}
    />
  );
}

/** Who may come in besides those whom the group admits anyway. */
export function Invitations() {
  const { t } = useI18n();
  const words = t.admin.invitations;
  const query = useInvitations();
  return (
    <Section id="invitations" title={words.title} hint={words.hint}>
      <InviteForm />
      <StateGate query={query} what={words.what} rows={1}>
        {(invitations) =>
          invitations.length === 0 ? (
            <Text c="dimmed">{words.none}</Text>
          ) : (
            <Entries label={words.title}>
              {invitations.map((each) => (
                <InvitationEntry key={each.id} invitation={each} />
              ))}
            </Entries>
          )
        }
      </StateGate>
    </Section>
  );
}
