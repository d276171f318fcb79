import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";

/** What speaks for and against a job: its plate, its printers, its cost. */
export function useJobReview(id: string) {
  return useQuery({
    queryKey: keys.jobs.review(id),
    queryFn: () => unwrap(api.GET("/api/jobs/{job_id}/review", { params: { path: { job_id: id } } })),
  });
}

export function useSpending(scope: "mine" | "all") {
  return useQuery({
    queryKey: keys.jobs.summary(scope),
    queryFn: () => unwrap(api.GET("/api/jobs/summary", { params: { query: { scope } } })),
  });
}
