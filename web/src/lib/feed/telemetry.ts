import { useNow } from "@/lib/clock";
import { grown, type Sample } from "@/lib/feed/series";
import { createStore, useStore } from "@/lib/store";
import type { Telemetry } from "@/lib/wire";

const newest = createStore<ReadonlyMap<string, Telemetry>>(new Map());
const series = new Map<string, readonly Sample[]>();
const NONE: readonly Sample[] = [];

export function takeTelemetry(news: Telemetry): void {
  series.set(news.printer_id, grown(series.get(news.printer_id) ?? NONE, news));
  newest.set((before) => new Map(before).set(news.printer_id, news));
}

/** The last news of a printer in this tab; undefined if there is none younger than `maxAgeMs`. */
export function useTelemetry(printerId: string | undefined, maxAgeMs = 120_000): Telemetry | undefined {
  const now = useNow();
  const news = useStore(newest).get(printerId ?? "");
  return news === undefined || now - Date.parse(news.at) > maxAgeMs ? undefined : news;
}

/** The temperatures of the last minutes, as far as this tab heard them. */
export function useSeries(printerId: string): readonly Sample[] {
  useStore(newest);
  return series.get(printerId) ?? NONE;
}
