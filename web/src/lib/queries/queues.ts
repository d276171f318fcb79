import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import type { QueueOrder } from "@/lib/wire";

export function useQueues() {
  return useQuery({ queryKey: keys.queues, queryFn: () => unwrap(api.GET("/api/queues")) });
}

export function useQueueOrder(name: string) {
  return useQuery({
    queryKey: keys.queueOrder(name),
    queryFn: () => unwrap(api.GET("/api/queues/{name}", { params: { path: { name } } })),
  });
}

export type QueueAct =
  | { kind: "move"; jobId: string; queue: string; version: number; before: string | null }
  | { kind: "switch"; name: string; version: number; isHeld: boolean }
  | { kind: "name"; name: string; title: string };

function send(act: QueueAct): Promise<QueueOrder> {
  switch (act.kind) {
    case "move":
      return unwrap(
        api.POST("/api/jobs/{job_id}/move", {
          params: { path: { job_id: act.jobId } },
          body: { queue: act.queue, queue_version: act.version, before: act.before },
        }),
      );
    case "switch":
      return unwrap(
        api.POST("/api/queues/{name}/switch", {
          params: { path: { name: act.name } },
          body: { is_held: act.isHeld, version: act.version },
        }),
      );
    case "name":
      return unwrap(api.PUT("/api/queues/{name}", { params: { path: { name: act.name } }, body: { title: act.title } }));
  }
}

/** Order, hold or name a queue; whatever the answer, the order is read anew. */
export function useQueueAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: (order) => client.setQueryData(keys.queueOrder(order.queue.name), order),
    onSettled: () => client.invalidateQueries({ queryKey: keys.queues }),
  });
}

export function useRemoveQueue() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => unwrap(api.DELETE("/api/queues/{name}", { params: { path: { name } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.queues }),
  });
}

export function usePlacePrinter(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; queue: string; is_enabled: boolean }) =>
      unwrap(api.PUT("/api/printers/{printer_id}", { params: { path: { printer_id: id } }, body })),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: keys.printers.all }),
        client.invalidateQueries({ queryKey: keys.queues }),
      ]),
  });
}
