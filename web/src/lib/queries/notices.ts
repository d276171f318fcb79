import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import type { NewNoticeTarget, NoticeTarget, NoticeWishes } from "@/lib/wire";

const LOOK_AGAIN_MS = 2000;

export function useNotices() {
  return useQuery({ queryKey: keys.notices.mine, queryFn: () => unwrap(api.GET("/api/me/notices")) });
}

export function useChooseNotices() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NoticeWishes) => unwrap(api.PUT("/api/me/notices", { body })),
    onSuccess: (chosen) => client.setQueryData(keys.notices.mine, chosen),
  });
}

export function useFollowing(jobId: string) {
  const params = { path: { job_id: jobId } };
  return useQuery({
    queryKey: keys.notices.following(jobId),
    queryFn: () => unwrap(api.GET("/api/jobs/{job_id}/follow", { params })),
  });
}

export function useFollow(jobId: string) {
  const client = useQueryClient();
  const params = { path: { job_id: jobId } };
  return useMutation({
    mutationFn: (follows: boolean) =>
      follows
        ? unwrap(api.PUT("/api/jobs/{job_id}/follow", { params }))
        : unwrap(api.DELETE("/api/jobs/{job_id}/follow", { params })),
    onSuccess: (now) => client.setQueryData(keys.notices.following(jobId), now),
  });
}

export function useTargets() {
  return useQuery({
    queryKey: keys.notices.targets,
    queryFn: () => unwrap(api.GET("/api/notice-targets")),
  });
}

/** What became of the latest notices; looked at again while the list is open. */
export function useDeliveries(id: string) {
  return useQuery({
    queryKey: keys.notices.deliveries(id),
    queryFn: () =>
      unwrap(api.GET("/api/notice-targets/{target_id}/deliveries", { params: { path: { target_id: id } } })),
    refetchInterval: LOOK_AGAIN_MS,
  });
}

function useTargetChange<T, V>(act: (input: V) => Promise<T>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () => client.invalidateQueries({ queryKey: keys.notices.targets }),
  });
}

export function useAddTarget() {
  return useTargetChange((body: NewNoticeTarget) => unwrap(api.POST("/api/notice-targets", { body })));
}

export function useSwitchTarget() {
  return useTargetChange((target: NoticeTarget) =>
    unwrap(
      api.PUT("/api/notice-targets/{target_id}", {
        params: { path: { target_id: target.id } },
        body: { kinds: target.kinds, is_enabled: !target.is_enabled },
      }),
    ),
  );
}

export function useRemoveTarget() {
  return useTargetChange((id: string) =>
    unwrap(api.DELETE("/api/notice-targets/{target_id}", { params: { path: { target_id: id } } })),
  );
}

export function useTryTarget() {
  return useTargetChange((id: string) =>
    unwrap(api.POST("/api/notice-targets/{target_id}/try", { params: { path: { target_id: id } } })),
  );
}
