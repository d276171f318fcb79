import { NativeSelect, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { Entries } from "@/components/entries";
import fields from "@/components/fields-row.module.css";
import { StateGate } from "@/components/state-gate";
import { PersonEntry } from "@/features/people/person-entry";
import { matches, ROLES } from "@/features/people/search";
import { useI18n } from "@/lib/i18n/context";
import { useMe } from "@/lib/queries/me";
import { usePeople } from "@/lib/queries/admin";
import { useQuotas } from "@/lib/queries/quotas";
import { useSought } from "@/lib/sought";

/** Everybody, by name or address and by role; what is sought stands in the address. */
export function PeopleList() {
  const { t } = useI18n();
  const words = t.admin.people;
  const query = usePeople();
  const me = useMe();
  const quotas = useQuotas();
  const { text, params, seek } = useSought();
  const role = ROLES.find((each) => each === params.get("role")) ?? null;
  return (
    <>
      <div className={fields["row"]} role="search">
        <TextInput
          className={fields["grow"] ?? ""}
          label={words.search}
          leftSection={<IconSearch size={18} aria-hidden />}
          value={text}
          onChange={(event) => seek("q", event.currentTarget.value)}
        />
        <NativeSelect
          label={words.role}
          value={role ?? ""}
          onChange={(event) => seek("role", event.currentTarget.value)}
          data={[
            { value: "", label: words.anyRole },
            ...ROLES.map((value) => ({ value, label: t.admin.roles[value] })),
          ]}
        />
      </div>
      <StateGate query={query} what={words.what}>
        {(people) => {
          const found = people.filter((person) => matches(person, text, role));
          return (
            <>
              <Text size="sm" c="dimmed" role="status">
                {found.length === 0 ? words.none : words.count(found.length)}
              </Text>
              {found.length > 0 && (
                <Entries label={words.list}>
                  {found.map((person) => (
                    <PersonEntry key={person.id} person={person} isMe={person.id === me.data?.id} quota={quotas.data?.find(({ user_id }) => user_id === person.id)} />
                  ))}
                </Entries>
              )}
            </>
          );
        }}
      </StateGate>
    </>
  );
}
