import type { TrailFilter } from "@/lib/api/keys";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The instant at which a day of the viewer's zone begins, `later` days on; null for no day. */
export function dayStart(day: string | null, later = 0): string | null {
  if (day === null || !DAY.test(day)) return null;
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const start = new Date(year, month - 1, date + later);
  return Number.isNaN(start.getTime()) ? null : start.toISOString();
}

/** What the address asks for, as the API wants it. */
export function filterOf(params: URLSearchParams): TrailFilter {
  const all = {
    who: params.get("who"),
    what: params.get("what"),
    since: dayStart(params.get("since")),
    until: dayStart(params.get("until"), 1),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

/** Where the same deeds are as a table. */
export function csvHref(filter: TrailFilter): string {
  const query = new URLSearchParams({ ...filter }).toString();
  return query === "" ? "/api/audit.csv" : `/api/audit.csv?${query}`;
}
