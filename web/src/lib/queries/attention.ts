import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import type { Job, Resolution } from "@/lib/wire";

/** Everything that needs a decision; asked only for those who may decide. */
export function useAttentionList(enabled = true) {
  return useQuery({ queryKey: keys.attention.list, queryFn: () => unwrap(api.GET("/api/attention")), enabled });
}

/** What is known of one job's run. */
export function useAttention(jobId: string) {
  return useQuery({
    queryKey: keys.attention.job(jobId),
    queryFn: () => unwrap(api.GET("/api/jobs/{job_id}/attention", { params: { path: { job_id: jobId } } })),
  });
}

/** A person's word on a run in doubt. */
export function useResolve(job: Job) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { outcome: Resolution; reason: string }) =>
      unwrap(api.POST("/api/runs/{run_id}/resolve", { params: { path: { run_id: job.run_id ?? "" } }, body })),
    onSuccess: (after) => client.setQueryData(keys.jobs.detail(after.id), after),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.jobs.lists });
      void client.invalidateQueries({ queryKey: keys.printers.all });
      void client.invalidateQueries({ queryKey: keys.attention.all });
    },
  });
}
