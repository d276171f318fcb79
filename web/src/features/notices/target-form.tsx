import { Group, NativeSelect, Stack, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { KINDS, KindTicks } from "@/features/notices/kinds";
import { useI18n } from "@/lib/i18n/context";
import { useAddTarget } from "@/lib/queries/notices";
import type { NoticeForm, NoticeKind } from "@/lib/wire";

const FORMS: readonly NoticeForm[] = ["personal", "channel", "webhook"];
const SELDOM: readonly NoticeKind[] = ["approved", "started"];
const USUAL = KINDS.filter((kind) => !SELDOM.includes(kind));
const MAX_NAME = 100;
const MAX_ADDRESS = 2000;

/** Asks where notices are to go; `onMade` gets a webhook's key. Nothing of it is kept as a draft. */
export function TargetForm({ onMade }: { onMade: (name: string, key: string | null) => void }) {
  const { t } = useI18n();
  const words = t.notices.targets;
  const [form, setForm] = useState<NoticeForm>("personal");
  const [name, setName] = useState("");
  const [address, setAddress] = useState("");
  const [kinds, setKinds] = useState<NoticeKind[]>(USUAL);
  const add = useAddTarget();
  const send = (): void =>
    add.mutate(
      { form, name: name.trim(), address: address.trim(), kinds },
      {
        onSuccess: ({ target, key }) => {
          setName("");
          setAddress("");
          onMade(target.name, key);
        },
      },
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Stack gap="md" maw={560}>
        <Title order={3}>{words.newOne}</Title>
        <NativeSelect
          label={words.form}
          description={words.formHints[form]}
          value={form}
          onChange={(event) => setForm(FORMS.find((each) => each === event.currentTarget.value) ?? "personal")}
          data={FORMS.map((value) => ({ value, label: words.forms[value] }))}
        />
        <TextInput
          label={words.name}
          required
          maxLength={MAX_NAME}
          pattern=".*\S.*"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label={words.address}
          description={words.addressHint}
          required
          autoComplete="off"
          spellCheck={false}
          maxLength={MAX_ADDRESS}
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
        />
        <KindTicks label={form === "personal" ? words.usual : words.kinds} value={kinds} onChange={setKinds} />
        <Group>
          <ServerButton type="submit" loading={add.isPending}>
            {words.add}
          </ServerButton>
        </Group>
        <ErrorNote error={add.error} />
      </Stack>
    </form>
  );
}
