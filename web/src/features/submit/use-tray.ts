import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, newIdempotencyKey, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import { takeBack } from "@/lib/bring-back";
import { asApiError } from "@/lib/api/problem";
import { faultOf, MAX_FILES } from "@/features/submit/file-check";
import { isFileKept } from "@/features/submit/kept-files";
import { change, takeFile, tray } from "@/features/submit/tray-store";
import { isOnTheWay, jobsIn, newEntry, type Entry } from "@/features/submit/tray-state";
import { startUpload, stopUpload } from "@/features/submit/uploader";
import type { Job } from "@/lib/wire";

/** The entry that asks for this very file, with its note and copies. */
function entryWaitingFor(file: File): Entry | undefined {
  return tray.get().find((entry) => {
    const isAsked = entry.fault?.kind === "gone" || entry.fault?.kind === "unreadable";
    return isAsked && entry.filename === file.name && entry.size === file.size;
  });
}

function addFile(file: File): void {
  const waiting = entryWaitingFor(file);
  const id = waiting?.id ?? newIdempotencyKey();
  const fault = faultOf(file.name, file.size);
  if (waiting === undefined) change({ type: "added", id, filename: file.name, size: file.size, fault });
  else change({ type: "chosenAgain", id });
  if (fault !== null) return;
  takeFile(id, file);
  startUpload(id);
}

/** Take files in; return how many were left out because there were too many at once. */
export function addFiles(files: readonly File[]): number {
  for (const entry of tray.get()) if (entry.stage === "submitted") change({ type: "removed", id: entry.id });
  const again = files.filter((file) => entryWaitingFor(file) !== undefined);
  const added = files.filter((file) => !again.includes(file));
  const free = Math.max(0, MAX_FILES - tray.get().length);
  for (const file of [...again, ...added.slice(0, free)]) addFile(file);
  return Math.max(0, added.length - free);
}

/** The file of a job once more in the tray, with what was chosen then; nothing is uploaded. */
async function intoTray(job: Job): Promise<void> {
  const path = { artifact_id: job.artifact_id };
  const artifact = await unwrap(api.GET("/api/artifacts/{artifact_id}", { params: { path } }));
  const id = newIdempotencyKey();
  change({
    type: "restored",
    entries: [
      {
        ...newEntry(id, artifact.filename, artifact.size_bytes),
        stage: "ready",
        artifact,
        copies: { [job.plate]: 1 },
        note: job.status === "returned" ? "" : (job.note ?? ""),
        wish: job.wish ?? "",
        instead: job.status === "returned" ? { id: job.id, version: job.version, name: job.name } : null,
      },
    ],
  });
}

takeBack(intoTray);

/** Its button goes with it: the focus moves to where the next file is chosen. */
export function dropEntry(id: string): void {
  stopUpload(id);
  change({ type: "removed", id });
  document.getElementById("choose-files")?.focus();
}

/** The check runs on the server; the feed says when to look again. */
export function useArtifactOf(entry: Entry): unknown {
  const isWatched = entry.stage === "checking" && entry.artifact !== null;
  const artifactId = entry.artifact?.id ?? "";
  const query = useQuery({
    queryKey: keys.artifacts.detail(artifactId),
    queryFn: () =>
      unwrap(api.GET("/api/artifacts/{artifact_id}", { params: { path: { artifact_id: artifactId } } })),
    enabled: isWatched,
    staleTime: 0,
  });
  const { data } = query;
  useEffect(() => {
    if (isWatched && data !== undefined) change({ type: "artifact", id: entry.id, artifact: data });
  }, [isWatched, data, entry.id]);
  return isWatched ? query.error : null;
}

const submitKeys = new Map<string, string>();

/** The same key for the same wishes: pressing twice after a lost answer submits once. */
function submitKey(entry: Entry): string {
  const wish = JSON.stringify([entry.id, entry.copies, entry.note, entry.wish, entry.instead]);
  const key = submitKeys.get(wish) ?? newIdempotencyKey();
  submitKeys.set(wish, key);
  return key;
}

async function jobsOf(
  entry: Entry,
  artifactId: string,
  plates: { plate: number; copies: number }[],
  header: { "Idempotency-Key": string },
): Promise<Job[]> {
  const words = entry.note.trim();
  const { instead } = entry;
  const [only] = plates;
  if (instead !== null && only !== undefined) {
    const job = await unwrap(
      api.POST("/api/jobs/{job_id}/resubmit", {
        params: { path: { job_id: instead.id }, header },
        body: {
          version: instead.version,
          change: { artifact_id: artifactId, plate: only.plate },
          comment: words === "" ? null : words,
        },
      }),
    );
    return [job];
  }
  const submission = await unwrap(
    api.POST("/api/submissions", {
      params: { header },
      body: { artifact_id: artifactId, plates, note: words, wish: entry.wish.trim(), queue: "main" },
    }),
  );
  return submission.jobs;
}

async function submitEntry(entry: Entry): Promise<void> {
  if (entry.artifact === null) return;
  change({ type: "stage", id: entry.id, stage: "submitting" });
  try {
    const plates = Object.entries(entry.copies).map(([plate, copies]) => ({ plate: Number(plate), copies }));
    const header = { "Idempotency-Key": submitKey(entry) };
    change({ type: "submitted", id: entry.id, jobs: await jobsOf(entry, entry.artifact.id, plates, header) });
  } catch (error) {
    change({ type: "submitFailed", id: entry.id, error: asApiError(error) });
  }
}

/** Submit all that is checked and chosen, one submission a file. */
export function useSubmit() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => Promise.all(tray.get().filter((entry) => jobsIn(entry) > 0).map(submitEntry)),
    onSettled: () => client.invalidateQueries({ queryKey: keys.jobs.lists }),
  });
}

/** Leaving with bytes that are neither sent nor kept asks first. */
export function useLeaveGuard(): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (tray.get().some((entry) => isOnTheWay(entry) && !isFileKept(entry.id))) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, []);
}
