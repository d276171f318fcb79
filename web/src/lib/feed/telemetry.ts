import { useNow } from "@/lib/clock";
import { createStore, useStore } from "@/lib/store";
import type { Telemetry } from "@/lib/wire";

const newest = createStore<ReadonlyMap<string, Telemetry>>(new Map());

export function takeTelemetry(news: Telemetry): void {
  newest.set((before) => new Map(before).set(news.printer_id, news));
}

/** The last news of a printer in this tab; undefined if there is none younger than `maxAgeMs`. */
export function useTelemetry(printerId: string | undefined, maxAgeMs = 120_000): Telemetry | undefined {
  const now = useNow();
  const news = useStore(newest).get(printerId ?? "");
  return news === undefined || now - Date.parse(news.at) > maxAgeMs ? undefined : news;
}
