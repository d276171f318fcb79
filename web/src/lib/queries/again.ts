import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, newIdempotencyKey, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import type { DecidedJob, Job } from "@/lib/wire";

/** The same plate of the same file once more, with the same note and wish; nothing is uploaded. */
export function useAgain() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ job, key }: { job: Job; key: string }) => {
      const submission = await unwrap(
        api.POST("/api/submissions", {
          params: { header: { "Idempotency-Key": key } },
          body: {
            artifact_id: job.artifact_id,
            plates: [{ plate: job.plate, copies: 1 }],
            note: job.note,
            wish: job.wish,
            queue: job.queue,
          },
        }),
      );
      return submission.jobs[0];
    },
    // Not waited for: the answer is told before the lists have been read again.
    onSettled: () => void client.invalidateQueries({ queryKey: keys.jobs.lists }),
  });
}

export type ManyWish = {
  decision: "approve" | "reject" | "return";
  jobs: readonly Pick<Job, "id" | "version">[];
  words: string | null;
  undoS: number;
};

/** One decision about several; each answer says what became of it. */
export function useDecideMany() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (wish: ManyWish): Promise<DecidedJob[]> => {
      const answer = await unwrap(
        api.POST("/api/decisions", {
          params: { header: { "Idempotency-Key": newIdempotencyKey() } },
          body: {
            decision: wish.decision,
            jobs: wish.jobs.map(({ id, version }) => ({ job_id: id, version })),
            words: wish.words,
            undo_s: wish.undoS,
          },
        }),
      );
      return answer.items;
    },
    onSuccess: (items) => {
      for (const { job } of items) if (job !== null) client.setQueryData(keys.jobs.detail(job.id), job);
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.jobs.lists });
      void client.invalidateQueries({ queryKey: keys.queues });
    },
  });
}
