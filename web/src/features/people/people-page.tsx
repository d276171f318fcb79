import { Invitations } from "@/features/people/invitations";
import { PeopleList } from "@/features/people/people-list";
import { Section } from "@/components/section";
import { useI18n } from "@/lib/i18n/context";

/** Who is in, and who may come. */
export function PeoplePage() {
  const { t } = useI18n();
  return (
    <>
      <Section id="people" title={t.admin.pages.people}>
        <PeopleList />
      </Section>
      <Invitations />
    </>
  );
}
