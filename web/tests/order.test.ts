import { describe, expect, it } from "vitest";
import { entriesOf } from "@/components/timeline";
import { monthsUntil, spanOf } from "@/features/jobs/months";
import { beforeOf, placed } from "@/features/printers/queue-order";
import { grown, pointsOf, SPAN_MS, type Sample } from "@/lib/feed/series";
import { quotaLines } from "@/lib/quota";
import type { Comment, JobEvent, Quota } from "@/lib/wire";

const ids = (text: string) => Array.from(text, (id) => id).map((id) => ({ id }));

describe("the order of a queue", () => {
  it("names the job that the moved one goes before", () => {
    expect(beforeOf(ids("abcd"), "d", 0)).toBe("a");
    expect(beforeOf(ids("abcd"), "a", 1)).toBe("c");
    expect(beforeOf(ids("abcd"), "a", 3)).toBeNull();
  });

  it("is shown as asked while the answer is awaited", () => {
    for (const [id, place] of [["d", 0], ["a", 2], ["b", 3], ["c", 2]] as const) {
      const shown = placed(ids("abcd"), id, beforeOf(ids("abcd"), id, place));
      expect(shown.findIndex((job) => job.id === id)).toBe(place);
      expect(shown).toHaveLength(4);
    }
  });
});

describe("months", () => {
  it("last from the first of one to the first of the next, where the viewer is", () => {
    const span = spanOf("2026-12");
    expect(new Date(span.ended_since ?? "").getMonth()).toBe(11);
    expect(new Date(span.ended_until ?? "").getFullYear()).toBe(2027);
    expect(spanOf("")).toEqual({});
    expect(spanOf("nonsense")).toEqual({});
  });

  it("go back over the turn of the year", () => {
    const months = monthsUntil(new Date(2026, 0, 31), "en");
    expect(months[0]).toEqual({ value: "2026-01", label: "January 2026" });
    expect(months[1]?.value).toBe("2025-12");
  });
});

function quota(change: Partial<Quota>): Quota {
  return {
    limits: { grams: 500, hours: null }, used_grams: 400, used_hours: 2, waiting_grams: 50, waiting_hours: 1,
    resets_at: "2026-12-01T00:00:00Z", may_exceed: true, ...change,
  };
}

describe("quotas", () => {
  it("count what waits, and say when it is too much", () => {
    expect(quotaLines(quota({}), 50, 60)).toEqual([{ unit: "g", gone: 450, more: 50, limit: 500, isOver: false }]);
    expect(quotaLines(quota({}), 51, 60)[0]?.isOver).toBe(true);
  });

  it("are silent without limits", () => {
    expect(quotaLines(quota({ limits: { grams: null, hours: null } }), 9000, 9000)).toEqual([]);
  });

  it("give hours in seconds", () => {
    const [line] = quotaLines(quota({ limits: { grams: null, hours: 3 } }), 0, 1);
    expect(line).toEqual({ unit: "s", gone: 10_800, more: 1, limit: 10_800, isOver: true });
  });
});

describe("temperatures", () => {
  const at = (ms: number, nozzle: number | null) => ({ at: new Date(ms).toISOString(), nozzle_c: nozzle, bed_c: null });

  it("keep ten minutes and no finer steps than can be seen", () => {
    let samples: readonly Sample[] = [];
    for (let ms = 0; ms <= SPAN_MS * 2; ms += 1000) samples = grown(samples, at(ms, 200));
    expect(samples.length).toBeLessThan(130);
    expect((samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0)).toBeLessThanOrEqual(SPAN_MS);
  });

  it("draw no line through nothing", () => {
    const box = { width: 120, height: 28, top: 220 };
    expect(pointsOf(grown([], at(0, 200)), "nozzle", box)).toBe("");
    const two = grown(grown([], at(0, 0)), at(SPAN_MS, 220));
    expect(pointsOf(two, "nozzle", box)).toBe("0.0,28.0 120.0,0.0");
    expect(pointsOf(two, "bed", box)).toBe("");
  });
});

describe("the timeline", () => {
  const event = (gseq: number, type: string, minute: number): JobEvent => ({
    gseq, type, occurred_at: `2026-11-01T10:0${minute}:00Z`, run_id: null, body: {}, said: null,
  });
  const comment: Comment = {
    id: "c", author: { id: "a", name: "Ana", avatar_url: null }, text: "why", created_at: "2026-11-01T10:02:00Z",
  };
  const events = [event(1, "job.submitted", 1), event(2, "job.commented", 2), event(3, "job.progress", 3), event(4, "job.approved", 4)];

  it("puts what was said between what happened, each once", () => {
    expect(entriesOf(events, [comment], false).map(({ key }) => key)).toEqual(["4", "c", "1"]);
  });

  it("leaves what people told each other", () => {
    expect(entriesOf(events, [comment], true).map(({ key }) => key)).toEqual(["c", "1"]);
  });
});
