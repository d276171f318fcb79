import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { keys } from "@/lib/api/keys";
import { staleKeys, withProgress, type Key } from "@/lib/feed/effects";
import type { Fact, Job, JobPage, Printer } from "@/lib/wire";

/** Facts come in bursts; lists are fetched once for each burst. */
const INVALIDATE_AFTER_MS = 150;

type JobPages = InfiniteData<JobPage, string | null>;

/** The list with `patch` made on each; the same list if nothing changed, so that nothing is drawn. */
function patched<T>(list: T[], patch: (item: T) => T): T[] {
  const next = list.map(patch);
  return next.some((item, index) => item !== list[index]) ? next : list;
}

function patchPages(pages: JobPages | undefined, patch: (job: Job) => Job): JobPages | undefined {
  if (pages === undefined) return pages;
  const next = patched(pages.pages, (page) => {
    const items = patched(page.items, patch);
    return items === page.items ? page : { ...page, items };
  });
  return next === pages.pages ? pages : { ...pages, pages: next };
}

function patchPrinters(printers: Printer[] | undefined, patch: (job: Job) => Job): Printer[] | undefined {
  return (
    printers &&
    patched(printers, (printer) => {
      if (printer.current_job === null) return printer;
      const job = patch(printer.current_job);
      return job === printer.current_job ? printer : { ...printer, current_job: job };
    })
  );
}

/** Puts what the feed says into the query cache: progress in place, all else by asking anew. */
export class FeedCache {
  private progress = new Map<string, Fact>();
  private stale = new Map<string, Key>();
  private frame: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: QueryClient) {}

  take(fact: Fact): void {
    if (fact.type === "job.progress" && fact.job_id !== null) {
      this.progress.set(fact.job_id, fact);
      this.frame ??= requestAnimationFrame(() => this.flushProgress());
    }
    for (const key of staleKeys(fact)) this.stale.set(JSON.stringify(key), key);
    if (this.stale.size > 0) this.timer ??= setTimeout(() => this.flushStale(), INVALIDATE_AFTER_MS);
  }

  /** Facts may have been missed: nothing in the cache can be trusted any more. */
  reset(): void {
    void this.client.invalidateQueries();
  }

  stop(): void {
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.frame = undefined;
    this.timer = undefined;
  }

  private flushProgress(): void {
    this.frame = undefined;
    const facts = this.progress;
    this.progress = new Map();
    const patch = (job: Job): Job => {
      const fact = facts.get(job.id);
      return fact === undefined ? job : withProgress(job, fact);
    };
    this.client.setQueriesData<JobPages>({ queryKey: keys.jobs.lists }, (pages) => patchPages(pages, patch));
    this.client.setQueriesData<Job>({ queryKey: keys.jobs.details }, (job) => job && patch(job));
    this.client.setQueriesData<Printer[]>({ queryKey: keys.printers.list }, (list) => patchPrinters(list, patch));
  }

  private flushStale(): void {
    this.timer = undefined;
    const stale = [...this.stale.values()];
    this.stale = new Map();
    for (const queryKey of stale) void this.client.invalidateQueries({ queryKey });
  }
}
