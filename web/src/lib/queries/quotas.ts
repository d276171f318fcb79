import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";

export function useMyQuota() {
  return useQuery({ queryKey: keys.myQuota, queryFn: () => unwrap(api.GET("/api/quota")) });
}

export function useQuotas() {
  return useQuery({ queryKey: keys.allQuotas, queryFn: () => unwrap(api.GET("/api/quotas")) });
}

export function useChangeQuota(userId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (limits: { grams: number | null; hours: number | null } | null) =>
      unwrap(api.PUT("/api/people/{user_id}/quota", { params: { path: { user_id: userId } }, body: { limits } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.quotas }),
  });
}
