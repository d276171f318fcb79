import { api, newIdempotencyKey, sessionOver, unwrap } from "@/lib/api/client";
import { asApiError } from "@/lib/api/problem";
import type { Artifact, Upload } from "@/lib/wire";
import { hashFile } from "@/features/submit/hasher";
import { LineLost, putFile } from "@/features/submit/put-file";
import { change, fileOf, tray } from "@/features/submit/tray-store";
import type { Fault } from "@/features/submit/tray-state";

const AT_ONCE = 2;
const RETRY_AFTER_S = [1, 3, 10, 30] as const;
const RENEW_BEFORE_MS = 5000;
/** The store takes bytes once: an earlier try got through, though its answer was lost with the page or the line. */
const THERE_ALREADY = 412;

class Failed extends Error {
  constructor(readonly fault: Fault) {
    super(fault.kind);
  }
}

const controllers = new Map<string, AbortController>();
const line: string[] = [];
let running = 0;

/** Wait `seconds`, or less if the browser comes back online. */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const stop = (): void => {
      end();
      reject(new DOMException("stopped", "AbortError"));
    };
    const timer = setTimeout(end, seconds * 1000);
    window.addEventListener("online", end);
    signal.addEventListener("abort", stop);
  });
}

/** Try until it is through; the line may be lost as often as it likes, a refusal ends it. */
async function persist<T>(id: string, signal: AbortSignal, attempt: (tryNo: number) => Promise<T>): Promise<T> {
  for (let tryNo = 0; ; tryNo += 1) {
    try {
      return await attempt(tryNo);
    } catch (error) {
      if (signal.aborted || error instanceof Failed) throw error;
      if (asApiError(error).status === 401) throw new Failed({ kind: "session" });
      const isLine = error instanceof LineLost || asApiError(error).isTransient;
      if (!isLine) throw new Failed({ kind: "api", error });
      const seconds = RETRY_AFTER_S[Math.min(tryNo, RETRY_AFTER_S.length - 1)] ?? 30;
      change({ type: "lost", id, retryAtMs: Date.now() + seconds * 1000 });
      await pause(seconds, signal);
    }
  }
}

function freshUrl(artifactId: string): Promise<Upload> {
  return unwrap(api.POST("/api/uploads/{artifact_id}/url", { params: { path: { artifact_id: artifactId } } }));
}

async function sendBytes(id: string, file: File, upload: Upload, signal: AbortSignal): Promise<void> {
  let current = upload;
  await persist(id, signal, async () => {
    const { put } = current;
    if (put === null) return;
    if (Date.parse(put.expires_at) - Date.now() < RENEW_BEFORE_MS) current = await freshUrl(current.artifact.id);
    if (current.put === null) return;
    change({ type: "stage", id, stage: "sending" });
    const status = await putFile(current.put, file, signal, (sent) =>
      change({ type: "progress", id, sent, atMs: Date.now() }),
    );
    if (status >= 500) throw new LineLost();
    if (status === THERE_ALREADY) return;
    if (status >= 300) throw new Failed({ kind: "store", status });
  });
}

function handOver(id: string, artifactId: string, signal: AbortSignal): Promise<Artifact> {
  return persist(id, signal, () => {
    change({ type: "stage", id, stage: "finishing" });
    return unwrap(api.POST("/api/uploads/{artifact_id}/complete", { params: { path: { artifact_id: artifactId } } }));
  });
}

async function announceFile(id: string, file: File, signal: AbortSignal): Promise<Upload> {
  change({ type: "stage", id, stage: "hashing" });
  const sha256 = await hashFile(file).catch(() => {
    throw new Failed({ kind: "unreadable" });
  });
  signal.throwIfAborted();
  const key = newIdempotencyKey();
  return persist(id, signal, () =>
    unwrap(
      api.POST("/api/uploads", {
        params: { header: { "Idempotency-Key": key } },
        body: { filename: file.name, size_bytes: file.size, sha256 },
      }),
    ),
  );
}

/** Whether the server knows nothing of it, or not as it is known here: it is then begun anew. */
function isOver(error: unknown): boolean {
  return error instanceof Failed && error.fault.kind === "api" && [404, 409].includes(asApiError(error.fault.error).status);
}

async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isOver(error)) return null;
    throw error;
  }
}

async function run(id: string, signal: AbortSignal): Promise<void> {
  const file = fileOf(id);
  if (file === undefined) throw new Failed({ kind: "unreadable" });
  const before = tray.get().find((entry) => entry.id === id)?.artifact ?? null;
  if (before !== null) {
    // It was begun before a reload or a sign-in: perhaps all bytes had arrived.
    const arrived = await orNull(handOver(id, before.id, signal));
    if (arrived !== null) {
      change({ type: "artifact", id, artifact: arrived });
      return;
    }
  }
  const renewed = before && (await orNull(persist(id, signal, () => freshUrl(before.id))));
  const upload = renewed ?? (await announceFile(id, file, signal));
  change({ type: "artifact", id, artifact: upload.artifact, isKnown: upload.put === null });
  if (upload.put === null) return;
  await sendBytes(id, file, upload, signal);
  change({ type: "artifact", id, artifact: await handOver(id, upload.artifact.id, signal) });
}

async function next(): Promise<void> {
  if (running >= AT_ONCE) return;
  const id = line.shift();
  if (id === undefined) return;
  running += 1;
  const controller = new AbortController();
  controllers.set(id, controller);
  try {
    await run(id, controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) {
      change({ type: "failed", id, fault: error instanceof Failed ? error.fault : { kind: "api", error } });
    }
  } finally {
    running -= 1;
    controllers.delete(id);
    void next();
  }
}

/** Put an entry of the tray on its way; at most two are sent at a time. */
export function startUpload(id: string): void {
  change({ type: "stage", id, stage: "waiting" });
  line.push(id);
  void next();
}

/** Stop at once, at whatever it does; the entry is the caller's to remove. */
export function stopUpload(id: string): void {
  const place = line.indexOf(id);
  if (place >= 0) line.splice(place, 1);
  controllers.get(id)?.abort();
}

sessionOver.subscribe(() => {
  if (sessionOver.get()) return;
  for (const { id, fault } of tray.get()) if (fault?.kind === "session") startUpload(id);
});
