import { setServerTime } from "@/lib/clock";
import { createStore } from "@/lib/store";
import type { Fact, Hello, Telemetry } from "@/lib/wire";

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

export interface FeedHandlers {
  onFact: (fact: Fact) => void;
  onTelemetry: (news: Telemetry) => void;
  /** Facts may have been missed. */
  onReset: () => void;
  /** The server refused the stream for good (EventSource doesn't say why). */
  onRefused: () => void;
}

export interface FeedState {
  link: "connecting" | "live" | "lost";
  /** When the line was lost, by this machine's clock. */
  lostAt: number | null;
  /** What was missed while the line was lost is still being read. */
  isBehind: boolean;
  isNewBuild: boolean;
}

export const feedState = createStore<FeedState>({
  link: "connecting",
  lostAt: null,
  isBehind: false,
  isNewBuild: false,
});

/** All that is shown has been read since the line came back. */
export function caughtUp(): void {
  feedState.set((before) => ({ ...before, isBehind: false }));
}

/** What this client needs of an EventSource. */
export interface FeedSource {
  readonly readyState: number;
  addEventListener: (type: string, listener: (event: Event) => void) => void;
  close: () => void;
}

type MakeSource = (url: string) => FeedSource;

/** One connection to /api/feed. The browser's EventSource resumes by Last-Event-ID by itself;
 * only when it gives up (an error answer) is a new one made here, and everything read anew. */
export class FeedClient {
  private source: FeedSource | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retryMs = FIRST_RETRY_MS;
  private buildId: string | undefined;
  private lastGseq = -1;
  private canResume = false;
  private isStopped = false;

  constructor(
    private readonly url: string,
    private readonly handlers: FeedHandlers,
    private readonly makeSource: MakeSource,
  ) {}

  start(): void {
    this.isStopped = false;
    this.canResume = false;
    const source = this.makeSource(this.url);
    this.source = source;
    const on = (type: string, act: (event: MessageEvent<string>) => void) => {
      source.addEventListener(type, (event) => act(event as MessageEvent<string>));
    };
    on("hello", (event) => {
      this.hello(JSON.parse(event.data) as Hello, event.lastEventId);
    });
    on("fact", (event) => this.fact(JSON.parse(event.data) as Fact));
    on("telemetry", (event) => {
      this.handlers.onTelemetry(JSON.parse(event.data) as Telemetry);
    });
    on("reset", () => {
      this.lastGseq = -1;
      this.handlers.onReset();
    });
    source.addEventListener("error", () => this.lost(source));
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }

  private hello(hello: Hello, lastEventId: string): void {
    setServerTime(hello.server_time);
    this.retryMs = FIRST_RETRY_MS;
    const isNewBuild = this.buildId !== undefined && this.buildId !== hello.build_id;
    this.buildId ??= hello.build_id;
    feedState.set((before) => ({
      ...before,
      link: "live",
      lostAt: null,
      isNewBuild: before.isNewBuild || isNewBuild,
    }));
    // Without a Last-Event-ID nothing is sent again: what was read before may be old.
    if (!this.canResume) this.handlers.onReset();
    this.canResume ||= lastEventId !== "";
  }

  private fact(fact: Fact): void {
    this.canResume = true;
    if (fact.gseq <= this.lastGseq) return;
    this.lastGseq = fact.gseq;
    setServerTime(fact.server_time);
    this.handlers.onFact(fact);
  }

  private lost(source: FeedSource): void {
    if (this.isStopped || source !== this.source) return;
    feedState.set((before) => ({ ...before, link: "lost", isBehind: true, lostAt: before.lostAt ?? Date.now() }));
    if (source.readyState !== EventSource.CLOSED) return;
    this.handlers.onRefused();
    this.timer = setTimeout(() => this.start(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
  }
}
