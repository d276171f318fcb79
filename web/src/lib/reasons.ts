import type { Format } from "@/lib/format";
import type { Catalogue } from "@/lib/i18n/en";
import type { Finding, FilamentFeed, JobCost, WaitReason } from "@/lib/wire";

/** The reason in the reader's language; one that this build doesn't know, in the server's words. */
export function reasonText(t: Catalogue, f: Format, reason: WaitReason): string {
  return t.why[reason.code]?.(reason.params, f) ?? reason.text;
}

/** The finding in the reader's language, or in the inspection's own words. */
export function findingText(t: Catalogue, finding: Finding): string {
  return t.finding[finding.code] ?? finding.text;
}

const SEVERITIES: readonly Finding["severity"][] = ["refuse", "warn", "note"];

export function bySeverity(a: Finding, b: Finding): number {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
}

/** From this CIEDE2000 distance on two colours are told apart at a glance; below 2.3 hardly at all. */
const NEAR = 2.3;
const OTHER = 10;

/** What to say about a tray's colour; null: it is the one, or nobody knows. */
export function colorWord(feed: FilamentFeed): "nearColor" | "otherColor" | null {
  const distance = feed.color_distance;
  if (distance === null || distance <= NEAR) return null;
  return distance < OTHER ? "nearColor" : "otherColor";
}

/** The cost in words: the sum, its parts where there are two, and what is left out. */
export function costWords(t: Catalogue, f: Format, cost: JobCost): { sum: string; rest: string } {
  const money = (value: number): string => f.money(value, cost.currency);
  const rest = [
    cost.material === null || cost.electricity === null
      ? null
      : t.review.parts(money(cost.material), money(cost.electricity)),
    cost.unpriced.length === 0 ? null : t.review.unpriced(cost.unpriced.join(", ")),
  ].filter((part) => part !== null);
  return { sum: cost.total === null ? t.common.unknown : t.review.about(money(cost.total)), rest: rest.join("; ") };
}
