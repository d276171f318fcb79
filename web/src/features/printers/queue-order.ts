import type { Job } from "@/lib/wire";

/** The job that one has to go before to stand at `place` (from 0); null at the end. */
export function beforeOf(jobs: readonly Pick<Job, "id">[], id: string, place: number): string | null {
  const rest = jobs.filter((job) => job.id !== id);
  return rest[place]?.id ?? null;
}

/** The order once the job stands before another one, or at the end. */
export function placed<T extends Pick<Job, "id">>(jobs: readonly T[], id: string, before: string | null): T[] {
  const moved = jobs.find((job) => job.id === id);
  const rest = jobs.filter((job) => job.id !== id);
  if (moved === undefined) return rest;
  const at = before === null ? rest.length : rest.findIndex((job) => job.id === before);
  return [...rest.slice(0, at), moved, ...rest.slice(at)];
}
