import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";

/** "4 min ago", ticking by itself; one timer for all of them. */
export function Age({ at, kind = "ago", say }: { at: string; kind?: "ago" | "heard"; say?: (ago: string) => string }) {
  const { t, f } = useI18n();
  const now = useNow();
  const text = f.duration(Math.max(0, (now - Date.parse(at)) / 1000));
  const ago = t.common.age(text);
  return (
    <time dateTime={at} className="num">
      {kind === "heard" ? t.common.heard(text) : (say?.(ago) ?? ago)}
    </time>
  );
}
