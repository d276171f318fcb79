import { useSyncExternalStore } from "react";

let offsetMs = 0;

/** The server's clock decides every shown time; each event of the feed sets it right. */
export function setServerTime(iso: string, localMs: number = Date.now()): void {
  const server = Date.parse(iso);
  if (!Number.isNaN(server)) offsetMs = server - localMs;
}

export function serverNow(): number {
  return Date.now() + offsetMs;
}

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    second = Math.floor(serverNow() / TICK_MS);
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== undefined) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function snapshot(): number {
  if (timer === undefined) second = Math.floor(serverNow() / TICK_MS);
  return second;
}

/** Milliseconds of the server's clock, anew each second; one timer for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, snapshot) * TICK_MS;
}
