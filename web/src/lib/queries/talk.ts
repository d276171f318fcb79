import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { api, newIdempotencyKey, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";

export function useComments(jobId: string) {
  return useQuery({
    queryKey: keys.jobs.comments(jobId),
    queryFn: () => unwrap(api.GET("/api/jobs/{job_id}/comments", { params: { path: { job_id: jobId } } })),
  });
}

/** Say something; the same words sent again after a lost answer are said once. */
export function useComment(jobId: string) {
  const client = useQueryClient();
  const key = useRef({ text: "", key: "" });
  return useMutation({
    mutationFn: (text: string) => {
      if (key.current.text !== text) key.current = { text, key: newIdempotencyKey() };
      return unwrap(
        api.POST("/api/jobs/{job_id}/comments", {
          params: { path: { job_id: jobId }, header: { "Idempotency-Key": key.current.key } },
          body: { text },
        }),
      );
    },
    onSuccess: () => {
      key.current = { text: "", key: "" };
      return client.invalidateQueries({ queryKey: keys.jobs.comments(jobId) });
    },
  });
}
