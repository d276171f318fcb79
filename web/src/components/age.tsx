import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";

/** "4 min ago", ticking by itself; one timer for all of them. */
export function Age({ at, kind = "ago" }: { at: string; kind?: "ago" | "heard" }) {
  const { t, f } = useI18n();
  const now = useNow();
  const text = f.duration(Math.max(0, (now - Date.parse(at)) / 1000));
  return (
    <time dateTime={at} className="num">
      {kind === "heard" ? t.common.heard(text) : t.common.age(text)}
    </time>
  );
}
