import { Group, Paper, SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { ErrorNote } from "@/components/error-note";
import { Section } from "@/components/section";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import { KindTicks } from "@/features/notices/kinds";
import { useI18n } from "@/lib/i18n/context";
import { useChooseNotices, useNotices } from "@/lib/queries/notices";
import type { NoticeChoices, NoticeKind } from "@/lib/wire";

type Language = NoticeChoices["language"];
const LANGUAGES: readonly Language[] = ["en", "de"];

function Form({ chosen }: { chosen: NoticeChoices }) {
  const { t } = useI18n();
  const words = t.notices;
  const [language, setLanguage] = useState<Language>(chosen.language);
  const [ways, setWays] = useState(chosen.ways);
  const save = useChooseNotices();
  const choose = (id: string, kinds: NoticeKind[]): void => {
    save.reset();
    setWays(ways.map((way) => (way.id === id ? { ...way, kinds } : way)));
  };
  if (ways.length === 0) return <Text c="dimmed">{words.none}</Text>;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ language, ways: ways.map(({ id, kinds }) => ({ id, kinds })) });
      }}
    >
      <Stack gap="lg">
        <Stack gap="xs" maw={420}>
          <Text fw={600}>{words.language}</Text>
          <SegmentedControl
            aria-label={words.language}
            value={language}
            onChange={(value) => setLanguage(value === "de" ? "de" : "en")}
            data={LANGUAGES.map((value) => ({ value, label: words.languages[value] }))}
          />
        </Stack>
        {ways.map((way) => (
          <Paper key={way.id} withBorder p="lg" bg="var(--ll-card)">
            <KindTicks label={way.name} value={way.kinds} onChange={(kinds) => choose(way.id, kinds)} />
          </Paper>
        ))}
        <Group>
          <ServerButton type="submit" loading={save.isPending}>
            {words.save}
          </ServerButton>
          <Text role="status">{save.isSuccess && words.saved}</Text>
        </Group>
        <ErrorNote error={save.error} />
      </Stack>
    </form>
  );
}

/** What one is told, by each way that there is. */
export function Choices() {
  const { t } = useI18n();
  const query = useNotices();
  return (
    <Section id="notices" title={t.notices.title} hint={t.notices.hint}>
      <StateGate query={query} what={t.notices.what} rows={2}>
        {(chosen) => <Form chosen={chosen} />}
      </StateGate>
    </Section>
  );
}
