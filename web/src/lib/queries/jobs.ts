import {
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type InfiniteData,
  type QueryClient,
} from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys, type JobFilter } from "@/lib/api/keys";
import { asApiError } from "@/lib/api/problem";
import type { Job, JobPage } from "@/lib/wire";

export const ACTIVE = "submitted,returned,queued,printing,cancelling,attention";
export const ENDED = "done,failed,cancelled,rejected,withdrawn";

const PAGE = 50;

export function useJobs(filter: JobFilter) {
  return useInfiniteQuery({
    queryKey: keys.jobs.list(filter),
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/jobs", {
          params: {
            query: { ...filter, limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function jobQuery(id: string) {
  return queryOptions({
    queryKey: keys.jobs.detail(id),
    queryFn: () => unwrap(api.GET("/api/jobs/{job_id}", { params: { path: { job_id: id } } })),
  });
}

/** The job as a list has it that nothing has made stale; undefined if none has it. */
export function listedJob(client: QueryClient, id: string): Job | undefined {
  return client
    .getQueriesData<InfiniteData<JobPage>>({ queryKey: keys.jobs.lists, predicate: ({ state }) => !state.isInvalidated })
    .flatMap(([, list]) => list?.pages ?? [])
    .flatMap((page) => page.items)
    .find((job) => job.id === id);
}

/** A job; what a list has already shown of it is there at once. */
export function useJob(id: string | undefined) {
  const client = useQueryClient();
  return useQuery({
    ...jobQuery(id ?? ""),
    enabled: id !== undefined,
    initialData: () => listedJob(client, id ?? ""),
  });
}

export function useJobEvents(id: string) {
  return useQuery({
    queryKey: keys.jobs.events(id),
    queryFn: () => unwrap(api.GET("/api/jobs/{job_id}/events", { params: { path: { job_id: id } } })),
  });
}

export type Decision =
  | { kind: "approve"; undoS: number; isFirst?: boolean }
  | { kind: "reject"; reason: string }
  | { kind: "return"; comment: string }
  | { kind: "resubmit" }
  | { kind: "withdraw" }
  | { kind: "take_back_approval" }
  | { kind: "cancel" };

function send(job: Pick<Job, "id" | "version">, decision: Decision): Promise<Job> {
  const path = { job_id: job.id };
  const { version } = job;
  switch (decision.kind) {
    case "approve":
      return unwrap(
        api.POST("/api/jobs/{job_id}/approve", {
          params: { path },
          body: { version, undo_s: decision.undoS, is_first: decision.isFirst ?? false },
        }),
      );
    case "reject":
      return unwrap(
        api.POST("/api/jobs/{job_id}/reject", { params: { path }, body: { version, reason: decision.reason } }),
      );
    case "return":
      return unwrap(
        api.POST("/api/jobs/{job_id}/return", { params: { path }, body: { version, comment: decision.comment } }),
      );
    case "resubmit":
      return unwrap(api.POST("/api/jobs/{job_id}/resubmit", { params: { path }, body: { version } }));
    case "withdraw":
      return unwrap(api.POST("/api/jobs/{job_id}/withdraw", { params: { path }, body: { version } }));
    case "take_back_approval":
      return unwrap(api.POST("/api/jobs/{job_id}/take-back-approval", { params: { path }, body: { version } }));
    case "cancel":
      return unwrap(api.POST("/api/jobs/{job_id}/cancel", { params: { path } }));
  }
}

/** Decide on a job. A 409 puts the job as it is now into the cache; the error says who was first. */
export function useDecide() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ job, decision }: { job: Pick<Job, "id" | "version">; decision: Decision }) =>
      send(job, decision),
    onSuccess: (job) => client.setQueryData(keys.jobs.detail(job.id), job),
    onError: (error) => {
      const { job } = asApiError(error);
      if (job !== null) client.setQueryData(keys.jobs.detail(job.id), job);
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.jobs.lists });
      void client.invalidateQueries({ queryKey: keys.queues });
    },
  });
}

/** Pause or resume: a wish; the answer comes as a fact of the printer. */
export function usePrintCommand() {
  return useMutation({
    mutationFn: ({ jobId, kind }: { jobId: string; kind: "pause" | "resume" }) => {
      const params = { path: { job_id: jobId } };
      return unwrap(
        kind === "pause"
          ? api.POST("/api/jobs/{job_id}/pause", { params })
          : api.POST("/api/jobs/{job_id}/resume", { params }),
      );
    },
  });
}

export function useSpeed() {
  return useMutation({
    mutationFn: ({ jobId, level }: { jobId: string; level: number }) =>
      unwrap(api.POST("/api/jobs/{job_id}/speed", { params: { path: { job_id: jobId } }, body: { level } })),
  });
}

export function useSkip() {
  return useMutation({
    mutationFn: ({ jobId, objectIds }: { jobId: string; objectIds: number[] }) =>
      unwrap(
        api.POST("/api/jobs/{job_id}/skip", { params: { path: { job_id: jobId } }, body: { object_ids: objectIds } }),
      ),
  });
}
