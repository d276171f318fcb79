import { QueryClient, type InfiniteData } from "@tanstack/react-query";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "@/lib/api/keys";
import { FeedCache } from "@/lib/feed/cache";
import { caughtUp, FeedClient, feedState } from "@/lib/feed/client";
import { staleKeys, withProgress } from "@/lib/feed/effects";
import type { Job, JobPage, Printer } from "@/lib/wire";
import { aFact, aJob, aPrinter } from "./builders";

describe("withProgress", () => {
  it("moves percent, layer and finish time", () => {
    const after = withProgress(aJob(), aFact({ percent: 41, minutes_left: 30 }));
    expect(after).toMatchObject({ percent: 41, layer: 11, minutes_left: 30, finish_at: "2026-01-05T11:30:00.000Z" });
  });

  it("never goes backwards in a run", () => {
    const job = aJob({ percent: 60 });
    expect(withProgress(job, aFact({ percent: 41 }))).toBe(job);
  });

  it("leaves other jobs and other runs alone", () => {
    const other = aJob({ id: "job-2" });
    expect(withProgress(other, aFact())).toBe(other);
    const second = aJob({ run_id: "run-2" });
    expect(withProgress(second, aFact())).toBe(second);
  });

  it("ends staleness", () => {
    expect(withProgress(aJob({ stale_since: "2026-01-05T10:58:00Z" }), aFact()).stale_since).toBeNull();
  });
});

describe("staleKeys", () => {
  it("asks for nothing on plain progress", () => {
    expect(staleKeys(aFact())).toEqual([]);
  });

  it("asks for the job, its timeline, lists, printers and queues when a run ends", () => {
    const stale = staleKeys(aFact({ type: "job.done" }));
    expect(stale).toContainEqual(keys.jobs.detail("job-1"));
    expect(stale).toContainEqual(keys.jobs.events("job-1"));
    expect(stale).toContainEqual(keys.jobs.lists);
    expect(stale).toContainEqual(keys.printers.all);
    expect(stale).toContainEqual(keys.queues);
  });

  it("names the artifact and the command that a fact is about", () => {
    expect(staleKeys(aFact({ type: "artifact.ready", artifact_id: "a" }))).toEqual([keys.artifacts.detail("a")]);
    expect(staleKeys(aFact({ type: "command.done", command_id: "c" }))).toContainEqual(keys.commands.detail("c"));
  });
});

describe("FeedCache", () => {
  const filter = { scope: "mine", status: "printing", order: "newest" } as const;
  let client: QueryClient;
  let cache: FeedCache;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame", "cancelAnimationFrame"] });
    client = new QueryClient();
    cache = new FeedCache(client);
    client.setQueryData<InfiniteData<JobPage, string | null>>(keys.jobs.list(filter), {
      pages: [{ items: [aJob(), aJob({ id: "job-2" })], next_cursor: null }],
      pageParams: [null],
    });
    client.setQueryData<Job>(keys.jobs.detail("job-1"), aJob());
    client.setQueryData<Printer[]>(keys.printers.list, [aPrinter({ current_job: aJob() })]);
    return () => vi.useRealTimers();
  });

  it("patches progress in lists, detail and printers once a frame", () => {
    cache.take(aFact({ gseq: 1, percent: 41 }));
    cache.take(aFact({ gseq: 2, percent: 43 }));
    vi.advanceTimersByTime(50);
    const list = client.getQueryData<InfiniteData<JobPage>>(keys.jobs.list(filter));
    expect(list?.pages[0]?.items.map((job) => job.percent)).toEqual([43, 40]);
    expect(client.getQueryData<Job>(keys.jobs.detail("job-1"))?.percent).toBe(43);
    expect(client.getQueryData<Printer[]>(keys.printers.list)?.[0]?.current_job?.percent).toBe(43);
  });

  it("keeps what did not change, so that nothing else is drawn", () => {
    const before = client.getQueryData<InfiniteData<JobPage>>(keys.jobs.list(filter));
    cache.take(aFact({ job_id: "job-9" }));
    vi.advanceTimersByTime(50);
    expect(client.getQueryData(keys.jobs.list(filter))).toBe(before);
  });

  it("asks once for a burst of facts", () => {
    const asked = vi.spyOn(client, "invalidateQueries");
    for (let gseq = 1; gseq <= 20; gseq += 1) cache.take(aFact({ gseq, type: "job.approved" }));
    vi.advanceTimersByTime(1000);
    const lists = asked.mock.calls.filter(([wish]) => wish?.queryKey === keys.jobs.lists);
    expect(lists).toHaveLength(1);
  });
});

class FakeSource extends EventTarget {
  readyState = 1;
  close = vi.fn();

  say(type: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
  }
}

describe("FeedClient", () => {
  const hello = { gseq: 5, server_time: "2026-01-05T11:00:00Z", build_id: "a" };

  function start() {
    const sources: FakeSource[] = [];
    const handlers = { onFact: vi.fn(), onTelemetry: vi.fn(), onReset: vi.fn(), onRefused: vi.fn() };
    const feed = new FeedClient("/api/feed", handlers, () => {
      const source = new FakeSource();
      sources.push(source);
      return source;
    });
    feed.start();
    return { feed, sources, handlers, source: sources[0] as FakeSource };
  }

  beforeEach(() => {
    vi.stubGlobal("EventSource", { CLOSED: 2 });
    feedState.set({ link: "connecting", lostAt: null, isBehind: false, isNewBuild: false });
  });

  it("reads everything anew on its first hello and is live", () => {
    const { source, handlers } = start();
    source.say("hello", hello);
    expect(handlers.onReset).toHaveBeenCalledOnce();
    expect(feedState.get().link).toBe("live");
  });

  it("passes each fact on once", () => {
    const { source, handlers } = start();
    source.say("fact", aFact({ gseq: 6 }));
    source.say("fact", aFact({ gseq: 6 }));
    source.say("fact", aFact({ gseq: 7 }));
    expect(handlers.onFact).toHaveBeenCalledTimes(2);
  });

  it("trusts the resumed stream after a fact, and starts over on reset", () => {
    const { source, handlers } = start();
    source.say("hello", hello);
    source.say("fact", aFact({ gseq: 6 }));
    source.say("hello", hello);
    expect(handlers.onReset).toHaveBeenCalledTimes(1);
    source.say("reset", {});
    source.say("fact", aFact({ gseq: 2 }));
    expect(handlers.onReset).toHaveBeenCalledTimes(2);
    expect(handlers.onFact).toHaveBeenCalledTimes(2);
  });

  it("is behind from a loss until all is read again", () => {
    const { source } = start();
    source.say("hello", hello);
    expect(feedState.get().isBehind).toBe(false);
    source.say("error", {});
    expect(feedState.get()).toMatchObject({ link: "lost", isBehind: true });
    source.say("hello", hello);
    expect(feedState.get()).toMatchObject({ link: "live", lostAt: null, isBehind: true });
    caughtUp();
    expect(feedState.get()).toMatchObject({ link: "live", isBehind: false });
  });

  it("sees a new version of the app", () => {
    const { source } = start();
    source.say("hello", hello);
    source.say("hello", { ...hello, build_id: "b" });
    expect(feedState.get().isNewBuild).toBe(true);
  });

  it("waits for the browser to resume, and opens anew only when it gave up", () => {
    vi.useFakeTimers();
    const { source, sources, handlers, feed } = start();
    source.dispatchEvent(new Event("error"));
    expect(feedState.get().link).toBe("lost");
    expect(handlers.onRefused).not.toHaveBeenCalled();
    source.readyState = 2;
    source.dispatchEvent(new Event("error"));
    vi.advanceTimersByTime(1500);
    expect(handlers.onRefused).toHaveBeenCalledOnce();
    expect(sources).toHaveLength(2);
    feed.stop();
    vi.useRealTimers();
  });
});
