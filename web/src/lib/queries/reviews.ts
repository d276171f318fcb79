import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys, type Span } from "@/lib/api/keys";

/** What speaks for and against a job: its plate, its printers, its cost. */
export function useJobReview(id: string) {
  return useQuery({
    queryKey: keys.jobs.review(id),
    queryFn: () => unwrap(api.GET("/api/jobs/{job_id}/review", { params: { path: { job_id: id } } })),
  });
}

export function useSpending(scope: "mine" | "all", span: Span = {}) {
  return useQuery({
    queryKey: keys.jobs.summary(scope, span),
    queryFn: () => unwrap(api.GET("/api/jobs/summary", { params: { query: { scope, ...span } } })),
  });
}
