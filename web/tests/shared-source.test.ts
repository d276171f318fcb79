import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SharedSource } from "@/lib/feed/shared-source";

class FakeEventSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static made: FakeEventSource[] = [];
  readyState = 0;
  close = vi.fn();

  constructor(readonly url: string) {
    super();
    FakeEventSource.made.push(this);
  }

  say(type: string, data: string, lastEventId = ""): void {
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId }));
  }
}

/** Web Locks, as far as they are used: one holder, the others in a row. */
class FakeLocks {
  private tail: Promise<unknown> = Promise.resolve();

  request(_: string, { signal }: { signal: AbortSignal }, act: () => Promise<void>): Promise<unknown> {
    const turn = this.tail.then(() => (signal.aborted ? undefined : act()));
    this.tail = turn;
    return turn;
  }
}

/** BroadcastChannel within this page, delivered later, as the real one does. */
class FakeChannel {
  static all: FakeChannel[] = [];
  onmessage: ((message: { data: unknown }) => void) | undefined;

  constructor() {
    FakeChannel.all.push(this);
  }

  postMessage(data: unknown): void {
    for (const other of FakeChannel.all.filter((channel) => channel !== this)) {
      queueMicrotask(() => FakeChannel.all.includes(other) && other.onmessage?.({ data }));
    }
  }

  close(): void {
    FakeChannel.all = FakeChannel.all.filter((channel) => channel !== this);
  }
}

describe("SharedSource", () => {
  beforeEach(() => {
    FakeEventSource.made = [];
    FakeChannel.all = [];
    vi.stubGlobal("EventSource", FakeEventSource);
    vi.stubGlobal("BroadcastChannel", FakeChannel);
    vi.stubGlobal("navigator", { locks: new FakeLocks() });
  });

  afterEach(() => vi.unstubAllGlobals());

  const tab = () => {
    const source = new SharedSource("/api/feed", "layerline-feed-mia");
    const heard: string[] = [];
    for (const type of ["hello", "fact", "reset", "error"]) {
      source.addEventListener(type, (event) => {
        heard.push(event instanceof MessageEvent ? `${type} ${String(event.data)}` : type);
      });
    }
    return { source, heard };
  };

  const settled = () => new Promise((resolve) => setTimeout(resolve));

  it("opens one connection for two tabs, and both hear the same", async () => {
    const [one, two] = [tab(), tab()];
    await settled();
    expect(FakeEventSource.made).toHaveLength(1);
    FakeEventSource.made[0]?.say("hello", "h", "7");
    FakeEventSource.made[0]?.say("fact", "f8", "8");
    await settled();
    expect(one.heard).toEqual(["hello h", "fact f8"]);
    expect(two.heard).toEqual(one.heard);
  });

  it("greets a tab that comes later", async () => {
    tab();
    await settled();
    FakeEventSource.made[0]?.say("hello", "h", "7");
    const late = tab();
    await settled();
    expect(late.heard).toEqual(["hello h"]);
    expect(late.source.readyState).toBe(FakeEventSource.OPEN);
  });

  it("goes on in another tab after the last event when the one with the connection goes", async () => {
    const [one, two] = [tab(), tab()];
    await settled();
    FakeEventSource.made[0]?.say("fact", "f8", "8");
    await settled();
    one.source.close();
    await settled();
    expect(FakeEventSource.made[0]?.close).toHaveBeenCalled();
    expect(FakeEventSource.made[1]?.url).toBe("/api/feed?after=8");
    FakeEventSource.made[1]?.say("fact", "f9", "9");
    expect(two.heard).toEqual(["fact f8", "fact f9"]);
  });

  it("tells every tab that the line is lost, and lets go of a connection that was refused", async () => {
    const [one, two] = [tab(), tab()];
    await settled();
    const source = FakeEventSource.made[0] as FakeEventSource;
    source.readyState = FakeEventSource.CLOSED;
    source.dispatchEvent(new Event("error"));
    await settled();
    expect(one.heard).toEqual(["error"]);
    expect(two.heard).toEqual(["error"]);
    expect(two.source.readyState).toBe(FakeEventSource.CLOSED);
    const again = tab();
    await settled();
    expect(FakeEventSource.made).toHaveLength(2);
    again.source.close();
  });
});
