import type { Telemetry } from "@/lib/wire";

/** What was measured at a time; null where the printer did not say. */
export interface Sample {
  atMs: number;
  nozzle: number | null;
  bed: number | null;
}

export const SPAN_MS = 10 * 60_000;
const STEP_MS = 5_000;

/** The series with one more measurement; finer steps than a small chart shows are left out. */
export function grown(
  before: readonly Sample[],
  news: Pick<Telemetry, "at" | "nozzle_c" | "bed_c">,
): readonly Sample[] {
  const atMs = Date.parse(news.at);
  const last = before.at(-1);
  if (last !== undefined && atMs - last.atMs < STEP_MS) return before;
  const sample = { atMs, nozzle: news.nozzle_c, bed: news.bed_c };
  return [...before.filter((each) => atMs - each.atMs <= SPAN_MS), sample];
}

/** The points of a line in a box; empty with fewer than two values. */
export function pointsOf(
  samples: readonly Sample[],
  what: "nozzle" | "bed",
  box: { width: number; height: number; top: number },
): string {
  const known = samples.filter((sample) => sample[what] !== null);
  const end = known.at(-1)?.atMs ?? 0;
  if (known.length < 2) return "";
  return known
    .map((sample) => {
      const x = box.width - ((end - sample.atMs) / SPAN_MS) * box.width;
      const y = box.height - (Math.min(sample[what] ?? 0, box.top) / box.top) * box.height;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}
