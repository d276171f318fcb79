import type { Quota } from "@/lib/wire";

const HOUR_S = 3600;

/** One limit of a month; hours are given in seconds, as durations are. */
export interface QuotaPart {
  unit: "g" | "s";
  gone: number;
  more: number;
  limit: number;
  isOver: boolean;
}

function part(unit: QuotaPart["unit"], limit: number | null | undefined, gone: number, more: number): QuotaPart[] {
  if (limit === null || limit === undefined) return [];
  return [{ unit, gone, more, limit, isOver: more > 0 && gone + more > limit }];
}

/** The limits that there are, with what is gone of each and what comes on top. */
export function quotaLines(quota: Quota, grams: number, seconds: number): QuotaPart[] {
  return [
    ...part("g", quota.limits.grams, quota.used_grams + quota.waiting_grams, grams),
    ...part(
      "s",
      quota.limits.hours === null || quota.limits.hours === undefined ? null : quota.limits.hours * HOUR_S,
      (quota.used_hours + quota.waiting_hours) * HOUR_S,
      seconds,
    ),
  ];
}
