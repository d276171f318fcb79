import { useNow } from "@/lib/clock";
import type { Format } from "@/lib/format";
import { useI18n } from "@/lib/i18n/context";
import type { Catalogue } from "@/lib/i18n/en";
import { coarseSeconds, speedOf, type Entry, type Stage } from "@/features/submit/tray-state";

function sendingWords(t: Catalogue, f: Format, entry: Entry, percent: string): string {
  const speed = speedOf(entry.samples);
  if (speed === null || speed <= 0 || entry.sent >= entry.size) return t.tray.sending(percent);
  const left = f.duration(coarseSeconds((entry.size - entry.sent) / speed));
  return `${t.tray.sending(percent)} · ${f.rate(speed)} · ${t.tray.left(left)}`;
}

function lostWords(t: Catalogue, f: Format, entry: Entry, percent: string, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil(((entry.retryAtMs ?? 0) - nowMs) / 1000));
  return `${t.tray.lost(percent)} ${t.tray.lostNext(f.duration(seconds))}`;
}

function plainWords(t: Catalogue): Record<Exclude<Stage, "sending" | "lost" | "ready" | "submitted">, string> {
  return {
    waiting: t.tray.waiting,
    hashing: t.tray.hashing,
    finishing: t.tray.finishing,
    checking: t.tray.checking,
    submitting: t.tray.submitting,
    refused: t.tray.refused,
    failed: t.tray.refused,
  };
}

/** Where an entry stands, in words; with speed and time left once they are steady. */
export function useStageWords(entry: Entry): string {
  const { t, f } = useI18n();
  const now = useNow();
  const percent = f.percent(entry.size === 0 ? 0 : Math.min(100, Math.floor((100 * entry.sent) / entry.size)));
  switch (entry.stage) {
    case "sending":
      return sendingWords(t, f, entry, percent);
    case "lost":
      return lostWords(t, f, entry, percent, now);
    case "ready":
      return entry.isKnown ? t.tray.known : t.tray.ready;
    case "submitted":
      return t.tray.submitted(entry.jobs.length);
    default:
      return plainWords(t)[entry.stage];
  }
}

export function useFaultWords(entry: Entry): string | null {
  const { t, f } = useI18n();
  const { fault, filename } = entry;
  switch (fault?.kind) {
    case "local":
      return fault.fault === "large" ? t.bad.large(filename, f.bytes(entry.size)) : t.bad[fault.fault](filename);
    case "unreadable":
      return t.bad.unreadable(filename);
    case "gone":
      return t.bad.gone(filename);
    case "session":
      return t.bad.session(filename);
    case "store":
      return t.bad.store(fault.status);
    default:
      return null;
  }
}
