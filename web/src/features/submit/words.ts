import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import { coarseSeconds, speedOf, type Entry } from "@/features/submit/tray-state";

/** Where an entry stands, in words; with speed and time left once they are steady. */
export function useStageWords(entry: Entry): string {
  const { t, f } = useI18n();
  const now = useNow();
  const percent = f.percent(entry.size === 0 ? 0 : Math.min(100, Math.floor((100 * entry.sent) / entry.size)));
  switch (entry.stage) {
    case "waiting":
      return t.tray.waiting;
    case "hashing":
      return t.tray.hashing;
    case "sending": {
      const speed = speedOf(entry.samples);
      if (speed === null || speed <= 0) return t.tray.sending(percent);
      const left = f.duration(coarseSeconds((entry.size - entry.sent) / speed));
      return `${t.tray.sending(percent)} · ${f.rate(speed)} · ${t.tray.left(left)}`;
    }
    case "lost": {
      const seconds = Math.max(0, Math.ceil(((entry.retryAtMs ?? 0) - now) / 1000));
      return `${t.tray.lost(percent)} ${t.tray.lostNext(f.duration(seconds))}`;
    }
    case "finishing":
      return t.tray.finishing;
    case "checking":
      return t.tray.checking;
    case "ready":
      return entry.isKnown ? t.tray.known : t.tray.ready;
    case "submitting":
      return t.tray.submitting;
    case "submitted":
      return t.tray.submitted(entry.jobs.length);
    case "refused":
    case "failed":
      return t.tray.refused;
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
    case "store":
      return t.bad.store(fault.status);
    default:
      return null;
  }
}
