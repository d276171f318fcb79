import type { Span } from "@/lib/api/keys";
import type { Lang } from "@/lib/format";

const MONTHS = 24;

/** "2026-11": a month of the viewer's own calendar. */
export function monthKey(date: Date): string {
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}`;
}

/** The last two years of months, the newest first, with their names. */
export function monthsUntil(now: Date, lang: Lang): { value: string; label: string }[] {
  const name = new Intl.DateTimeFormat(lang, { month: "long", year: "numeric" });
  return Array.from({ length: MONTHS }, (_, back) => {
    const first = new Date(now.getFullYear(), now.getMonth() - back, 1);
    return { value: monthKey(first), label: name.format(first) };
  });
}

/** From when until when a month lasts where the viewer is; open for anything else. */
export function spanOf(month: string): Span {
  const parts = /^(\d{4})-(\d{2})$/.exec(month);
  if (parts === null) return {};
  const [year, index] = [Number(parts[1]), Number(parts[2]) - 1];
  return {
    ended_since: new Date(year, index, 1).toISOString(),
    ended_until: new Date(year, index + 1, 1).toISOString(),
  };
}
