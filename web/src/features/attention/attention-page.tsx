import { Stack, Text } from "@mantine/core";
import { AttentionPanel } from "@/components/attention-panel";
import { Section } from "@/components/section";
import { StateGate } from "@/components/state-gate";
import { useI18n } from "@/lib/i18n/context";
import { useAttentionList } from "@/lib/queries/attention";

/** Every run of which nobody knows what became, with what is known. */
export function AttentionPage() {
  const { t } = useI18n();
  const query = useAttentionList();
  return (
    <Section id="attention" title={t.attention.page} hint={t.attention.hint}>
      <StateGate query={query} what={t.attention.what}>
        {(open) =>
          open.length === 0 ? (
            <Text c="dimmed">{t.attention.none}</Text>
          ) : (
            <Stack gap="lg" role="list" aria-label={t.attention.list}>
              {open.map((each) => (
                <div role="listitem" key={each.job.id}>
                  <AttentionPanel job={each.job} attention={each} />
                </div>
              ))}
            </Stack>
          )
        }
      </StateGate>
    </Section>
  );
}
