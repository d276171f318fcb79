import { Text } from "@mantine/core";
import { useI18n } from "@/lib/i18n/context";
import { quotaLines } from "@/lib/quota";
import type { Quota } from "@/lib/wire";

/** Before and after: what the month holds, what is gone, and this job on top. */
export function QuotaLine(props: { quota: Quota; grams: number | null; seconds: number | null }) {
  const { t, f } = useI18n();
  const lines = quotaLines(props.quota, props.grams ?? 0, props.seconds ?? 0);
  if (lines.length === 0) return null;
  return (
    <>
      {lines.map((line) => {
        const say = (value: number): string => (line.unit === "g" ? f.grams(value) : f.duration(value));
        return (
          <span key={line.unit} className="num">
            {t.quota.grams(say(line.gone), say(line.more), say(line.limit))}{" "}
          </span>
        );
      })}
      {lines.some(({ isOver }) => isOver) && (
        <Text span fw={600} c="bad">
          {t.quota.over}
        </Text>
      )}
    </>
  );
}
