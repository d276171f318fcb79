import { IconCheck, IconClock, IconX } from "@tabler/icons-react";
import { Text } from "@mantine/core";
import { Age } from "@/components/age";
import { Entries, Entry } from "@/components/entries";
import { StateGate } from "@/components/state-gate";
import { Chip, type Look } from "@/components/status-chip";
import { useI18n } from "@/lib/i18n/context";
import { useDeliveries } from "@/lib/queries/notices";
import type { NoticeDelivery, NoticeTarget } from "@/lib/wire";

const WAY: Look = [IconClock, "quiet", "light"];
const BAD: Look = [IconX, "bad", "light"];
const LOOKS: Record<NoticeDelivery["state"], Look> = {
  waiting: WAY,
  sending: WAY,
  sent: [IconCheck, "good", "light"],
  failed: BAD,
  unknown: BAD,
  expired: WAY,
};

/** What became of the latest notices to a target. */
export function Deliveries({ target }: { target: NoticeTarget }) {
  const { t } = useI18n();
  const words = t.notices.targets;
  const query = useDeliveries(target.id);
  return (
    <StateGate query={query} what={words.logOf(target.name)} rows={1}>
      {(deliveries) =>
        deliveries.length === 0 ? (
          <Text c="dimmed">{words.noLog}</Text>
        ) : (
          <Entries label={words.logOf(target.name)}>
            {deliveries.map((each) => (
              <Entry
                key={each.id}
                title={each.title}
                mark={<Chip look={LOOKS[each.state]} label={words.states[each.state]} />}
                facts={
                  <>
                    <Age at={each.created_at} />
                    <span>{words.tries(each.attempts)}</span>
                    {each.answer !== null && <span>{each.answer}</span>}
                  </>
                }
              />
            ))}
          </Entries>
        )
      }
    </StateGate>
  );
}
