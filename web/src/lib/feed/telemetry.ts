import { createStore, useStore } from "@/lib/store";
import type { Telemetry } from "@/lib/wire";

const newest = createStore<ReadonlyMap<string, Telemetry>>(new Map());

export function takeTelemetry(news: Telemetry): void {
  newest.set((before) => new Map(before).set(news.printer_id, news));
}

/** The last news of a printer in this tab; undefined until it has said something. */
export function useTelemetry(printerId: string | undefined): Telemetry | undefined {
  const all = useStore(newest);
  return printerId === undefined ? undefined : all.get(printerId);
}
