import { createStore } from "@/lib/store";
import type { Fact } from "@/lib/wire";

const STORED = "layerline.notify";

/** What the person said when asked here: "unasked" until then. */
export type NotifyChoice = "unasked" | "on" | "off";
/** Whether this browser lets us: "missing" where it has no such thing for pages. */
export type NotifyPermission = NotificationPermission | "missing";

function storedChoice(): NotifyChoice {
  const stored = localStorage.getItem(STORED);
  return stored === "on" || stored === "off" ? stored : "unasked";
}

export const notifyChoice = createStore<NotifyChoice>(storedChoice());

function choose(choice: NotifyChoice): void {
  localStorage.setItem(STORED, choice);
  notifyChoice.set(choice);
}

export function notifyPermission(): NotifyPermission {
  return "Notification" in window ? Notification.permission : "missing";
}

/** The browser is asked only here, after a yes of the person; returns what it said. */
export async function turnOn(): Promise<NotifyPermission> {
  if (notifyPermission() === "missing") return "missing";
  const answer = await Notification.requestPermission();
  if (answer !== "default") choose(answer === "granted" ? "on" : "off");
  return answer;
}

export function turnOff(): void {
  choose("off");
}

/** What a person wants to hear of a job of theirs: it starts, it ends, it needs them. */
const TOLD: ReadonlySet<string> = new Set([
  "run.started",
  "job.done",
  "job.failed",
  "job.cancelled",
  "job.rejected",
  "job.returned",
  "run.paused",
  "run.attention",
]);

/** Whether a run may need a decision from here on. */
export function isDoubt(fact: Pick<Fact, "type">): boolean {
  return fact.type === "run.attention" || fact.type === "run.overdue" || fact.type === "run.released";
}

/** Whether this fact may be worth a notification; whose job it is must still be asked. */
export function isTold(fact: Fact): boolean {
  return fact.job_id !== null && TOLD.has(fact.type);
}

/** Whether the person wants it and does not look at this page anyway. */
export function mayTell(): boolean {
  return notifyChoice.get() === "on" && notifyPermission() === "granted" && !document.hasFocus();
}

/** Show it; all tabs use the same tag, so that the browser shows one. */
export function tell(fact: Pick<Fact, "type" | "job_id">, title: string, text: string, onOpen: () => void): void {
  let shown: Notification;
  try {
    shown = new Notification(title, { body: text, tag: `${fact.job_id ?? ""}-${fact.type}`, icon: "/favicon.svg" });
  } catch {
    return; // some phones allow them to service workers only
  }
  shown.onclick = () => {
    window.focus();
    onOpen();
    shown.close();
  };
}
