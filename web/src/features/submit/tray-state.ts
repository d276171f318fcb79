import type { Artifact, Job } from "@/lib/wire";
import type { FileFault } from "@/features/submit/file-check";

export type Stage =
  | "waiting"
  | "hashing"
  | "sending"
  | "lost"
  | "finishing"
  | "checking"
  | "ready"
  | "refused"
  | "failed"
  | "submitting"
  | "submitted";

export type Fault =
  | { kind: "local"; fault: FileFault }
  | { kind: "unreadable" }
  /** The browser did not keep the bytes. */
  | { kind: "gone" }
  /** Nobody is signed in any more; it goes on afterwards. */
  | { kind: "session" }
  | { kind: "store"; status: number }
  | { kind: "api"; error: unknown };

export type InsteadOf = Pick<Job, "id" | "version" | "name">;

export interface Sample {
  atMs: number;
  sent: number;
}

export interface Entry {
  id: string;
  filename: string;
  size: number;
  stage: Stage;
  sent: number;
  samples: readonly Sample[];
  retryAtMs: number | null;
  artifact: Artifact | null;
  /** These bytes were here already. */
  isKnown: boolean;
  fault: Fault | null;
  /** Copies by plate index; a plate that is not chosen is not in it. */
  copies: Readonly<Record<number, number>>;
  note: string;
  /** Which filament would be liked. */
  wish: string;
  /** The job that was sent back in whose place it goes. */
  instead: InsteadOf | null;
  jobs: readonly Job[];
}

export type Tray = readonly Entry[];

/** What outlives the page of an entry. */
export type Kept = Pick<
  Entry,
  "id" | "filename" | "size" | "artifact" | "copies" | "note" | "wish" | "instead"
>;

export type TrayEvent =
  | { type: "added"; id: string; filename: string; size: number; fault: FileFault | null }
  | { type: "stage"; id: string; stage: "waiting" | "hashing" | "sending" | "finishing" | "submitting" }
  | { type: "progress"; id: string; sent: number; atMs: number }
  | { type: "lost"; id: string; retryAtMs: number }
  | { type: "artifact"; id: string; artifact: Artifact; isKnown?: boolean }
  | { type: "failed"; id: string; fault: Fault }
  | { type: "chosenAgain"; id: string }
  | { type: "submitFailed"; id: string; error: unknown }
  | { type: "copies"; id: string; plate: number; copies: number }
  | { type: "note"; id: string; note: string }
  | { type: "wish"; id: string; wish: string }
  | { type: "instead"; id: string; instead: InsteadOf | null }
  | { type: "submitted"; id: string; jobs: readonly Job[] }
  | { type: "removed"; id: string }
  | { type: "restored"; entries: readonly Entry[] };

export const MAX_COPIES = 20;
const SPEED_WINDOW_MS = 10_000;
const SPEED_AFTER_MS = 3000;

export function newEntry(id: string, filename: string, size: number): Entry {
  return {
    id, filename, size, stage: "waiting", sent: 0, samples: [], retryAtMs: null, artifact: null,
    isKnown: false, fault: null, copies: {}, note: "", wish: "", instead: null, jobs: [],
  };
}

function withArtifact(entry: Entry, artifact: Artifact, isKnown: boolean): Entry {
  const after = { ...entry, artifact, isKnown: entry.isKnown || isKnown, fault: null };
  switch (artifact.state) {
    case "uploading":
      return entry.stage === "checking" ? { ...after, stage: "failed", fault: { kind: "unreadable" } } : after;
    case "checking":
      return { ...after, stage: "checking" };
    case "refused":
      return { ...after, stage: "refused" };
    case "ready": {
      if (entry.stage === "submitting" || entry.stage === "submitted") return after;
      const [only, ...others] = artifact.plates;
      const isChosen = Object.keys(entry.copies).length > 0;
      const copies = only !== undefined && others.length === 0 && !isChosen ? { [only.index]: 1 } : entry.copies;
      return { ...after, stage: "ready", copies };
    }
  }
}

function withCopies(entry: Entry, plate: number, copies: number): Entry {
  const rest = Object.fromEntries(Object.entries(entry.copies).filter(([key]) => Number(key) !== plate));
  if (copies <= 0) return { ...entry, copies: rest };
  return { ...entry, copies: { ...rest, [plate]: Math.min(MAX_COPIES, Math.round(copies)) } };
}

function withWords(entry: Entry, event: TrayEvent): Entry {
  switch (event.type) {
    case "note":
      return { ...entry, note: event.note };
    case "wish":
      return { ...entry, wish: event.wish };
    case "instead":
      return { ...entry, instead: event.instead };
    default:
      return entry;
  }
}

function change(entry: Entry, event: TrayEvent): Entry {
  switch (event.type) {
    case "stage":
      return event.stage === "sending"
        ? { ...entry, stage: "sending", sent: 0, samples: [], retryAtMs: null, fault: null }
        : { ...entry, stage: event.stage, retryAtMs: null, fault: null };
    case "progress": {
      const samples = [...entry.samples, { atMs: event.atMs, sent: event.sent }];
      return {
        ...entry,
        sent: event.sent,
        samples: samples.filter((sample) => event.atMs - sample.atMs <= SPEED_WINDOW_MS),
      };
    }
    case "lost":
      return { ...entry, stage: "lost", retryAtMs: event.retryAtMs, samples: [] };
    case "artifact":
      return withArtifact(entry, event.artifact, event.isKnown ?? false);
    case "failed":
      return { ...entry, stage: "failed", fault: event.fault, retryAtMs: null };
    case "chosenAgain":
      return { ...entry, stage: "waiting", artifact: null, fault: null };
    case "submitFailed":
      return { ...entry, stage: "ready", fault: { kind: "api", error: event.error } };
    case "copies":
      return withCopies(entry, event.plate, event.copies);
    case "submitted":
      return { ...entry, stage: "submitted", jobs: event.jobs, fault: null };
    default:
      return withWords(entry, event);
  }
}

/** The one place where the tray changes; pure. */
export function trayAfter(tray: Tray, event: TrayEvent): Tray {
  switch (event.type) {
    case "added": {
      const entry = newEntry(event.id, event.filename, event.size);
      const faulty: Entry = { ...entry, stage: "failed", fault: event.fault && { kind: "local", fault: event.fault } };
      return [...tray, event.fault === null ? entry : faulty];
    }
    case "removed":
      return tray.filter((entry) => entry.id !== event.id);
    case "restored":
      return [...event.entries, ...tray];
    default:
      return tray.map((entry) => (entry.id === event.id ? change(entry, event) : entry));
  }
}

/** Bytes per second over the last 10 s; null in the first 3 s, when it would only jump. */
export function speedOf(samples: readonly Sample[]): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs - first.atMs < SPEED_AFTER_MS) return null;
  return ((last.sent - first.sent) * 1000) / (last.atMs - first.atMs);
}

/** Seconds left in coarse steps: nobody plans by single seconds. */
export function coarseSeconds(seconds: number): number {
  const step = seconds < 20 ? 5 : seconds < 120 ? 10 : 60;
  return Math.max(step, Math.ceil(seconds / step) * step);
}

export function jobsIn(entry: Entry): number {
  if (entry.stage !== "ready") return 0;
  const jobs = Object.values(entry.copies).reduce((sum, copies) => sum + copies, 0);
  // In the place of one job comes one.
  return entry.instead !== null && jobs !== 1 ? 0 : jobs;
}

/** Grams and seconds of all that is chosen. */
export function amountsIn(tray: Tray): { grams: number; seconds: number } {
  const chosen = tray.flatMap((entry) =>
    jobsIn(entry) === 0
      ? []
      : (entry.artifact?.plates ?? []).map((plate) => ({ plate, copies: entry.copies[plate.index] ?? 0 })),
  );
  return {
    grams: chosen.reduce((sum, { plate, copies }) => sum + (plate.weight_g ?? 0) * copies, 0),
    seconds: chosen.reduce((sum, { plate, copies }) => sum + (plate.estimate_s ?? 0) * copies, 0),
  };
}

const ON_THE_WAY: readonly Stage[] = ["waiting", "hashing", "sending", "lost", "finishing"];

export function isOnTheWay(entry: Entry): boolean {
  return ON_THE_WAY.includes(entry.stage);
}

/** Whether it may go through if it is only tried again. */
export function canRetry(entry: Entry): boolean {
  return entry.stage === "failed" && (entry.fault?.kind === "api" || entry.fault?.kind === "store");
}

export function isKept(entry: Entry): boolean {
  const isHeld = entry.fault?.kind === "session" || entry.fault?.kind === "gone";
  return isOnTheWay(entry) || entry.stage === "checking" || entry.stage === "ready" || canRetry(entry) || isHeld;
}

export function keptOf(entry: Entry): Kept {
  const { id, filename, size, artifact, copies, note, wish, instead } = entry;
  return { id, filename, size, artifact, copies, note, wish, instead };
}

/** What has been handed over is asked after; of all else the bytes must be sent. */
export function restoredEntry(kept: Kept): Entry {
  const entry = { ...newEntry(kept.id, kept.filename, kept.size), ...kept };
  const hasArrived = kept.artifact !== null && kept.artifact.state !== "uploading";
  return { ...entry, stage: hasArrived ? "checking" : "waiting" };
}

/** Files and percent still to be sent, over all of them; null when nothing is on its way. */
export function totalOf(tray: Tray): { files: number; percent: number } | null {
  const moving = tray.filter(isOnTheWay);
  if (moving.length === 0) return null;
  const size = moving.reduce((sum, entry) => sum + entry.size, 0);
  const sent = moving.reduce((sum, entry) => sum + entry.sent, 0);
  return { files: moving.length, percent: size === 0 ? 0 : Math.floor((100 * sent) / size) };
}
