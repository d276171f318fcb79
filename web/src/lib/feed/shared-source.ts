import type { FeedSource } from "@/lib/feed/client";

const EVENTS = ["hello", "fact", "telemetry", "reset"] as const;

/** What the tab with the connection tells the others. */
type Word =
  | { kind: "event"; type: string; data: string; place: string }
  | { kind: "error"; readyState: number }
  /** A tab is new here and asks how things stand. */
  | { kind: "join" };

/** One connection for all tabs of a person: the tab that holds the lock has it and tells the
 * others; when that tab goes, another one goes on after the last event that it knows. */
export class SharedSource extends EventTarget implements FeedSource {
  readyState: number = EventSource.CONNECTING;
  private readonly channel: BroadcastChannel;
  private readonly waiting = new AbortController();
  private source: EventSource | undefined;
  private release: (() => void) | undefined;
  private hello: string | undefined;

  constructor(
    private readonly url: string,
    name: string,
    private place = "",
  ) {
    super();
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = (message: MessageEvent<Word>) => this.hear(message.data);
    this.tell({ kind: "join" });
    navigator.locks.request(name, { signal: this.waiting.signal }, () => this.lead()).catch(() => undefined);
  }

  close(): void {
    this.readyState = EventSource.CLOSED;
    this.waiting.abort();
    this.source?.close();
    this.source = undefined;
    this.channel.close();
    this.release?.();
  }

  private lead(): Promise<void> {
    if (this.readyState === EventSource.CLOSED) return Promise.resolve();
    const after = this.place === "" ? "" : `?after=${this.place}`;
    const source = new EventSource(`${this.url}${after}`);
    this.source = source;
    for (const type of EVENTS) {
      source.addEventListener(type, (event: MessageEvent<string>) => this.relay(type, event));
    }
    source.addEventListener("error", () => {
      this.tell({ kind: "error", readyState: source.readyState });
      this.fail(source.readyState);
    });
    return new Promise((resolve) => {
      this.release = resolve;
    });
  }

  private relay(type: string, event: MessageEvent<string>): void {
    const place = event.lastEventId === "" ? this.place : event.lastEventId;
    if (type === "hello") this.hello = event.data;
    this.tell({ kind: "event", type, data: event.data, place });
    this.pass(type, event.data, place);
  }

  private hear(word: Word): void {
    const leads = this.source !== undefined;
    if (word.kind === "join") {
      if (leads && this.hello !== undefined) {
        this.tell({ kind: "event", type: "hello", data: this.hello, place: this.place });
      }
    } else if (!leads) {
      if (word.kind === "event") this.pass(word.type, word.data, word.place);
      else this.fail(word.readyState);
    }
  }

  private pass(type: string, data: string, place: string): void {
    this.readyState = EventSource.OPEN;
    this.place = place;
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId: place }));
  }

  private fail(readyState: number): void {
    // Whoever listens makes a new one; this one must not hold the lock any longer.
    if (readyState === EventSource.CLOSED) this.close();
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }

  private tell(word: Word): void {
    this.channel.postMessage(word);
  }
}

/** A connection shared between tabs where the browser can (over plain http it can't), else an own one. */
export function openSource(url: string, name: string): FeedSource {
  const canShare = "locks" in navigator && typeof BroadcastChannel !== "undefined";
  return canShare ? new SharedSource(url, name) : new EventSource(url);
}
