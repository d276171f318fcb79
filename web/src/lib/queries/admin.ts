import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys, type TrailFilter } from "@/lib/api/keys";
import type { Member, NewInvitation, NewNode, Role } from "@/lib/wire";

export function usePeople() {
  return useQuery({
    queryKey: keys.people,
    queryFn: () => unwrap(api.GET("/api/people")),
    refetchOnMount: "always",
  });
}

export type PersonAct = { kind: "role"; role: Role } | { kind: "disable" | "enable" | "signout" };

function send(id: string, act: PersonAct): Promise<Member> {
  const params = { path: { user_id: id } };
  switch (act.kind) {
    case "role":
      return unwrap(api.PUT("/api/people/{user_id}/role", { params, body: { role: act.role } }));
    case "disable":
      return unwrap(api.POST("/api/people/{user_id}/disable", { params }));
    case "enable":
      return unwrap(api.POST("/api/people/{user_id}/enable", { params }));
    case "signout":
      return unwrap(api.POST("/api/people/{user_id}/signout", { params }));
  }
}

/** An act on one person; the answer is put into the list. */
export function usePersonAct(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: PersonAct) => send(id, act),
    onSuccess: (after) =>
      client.setQueryData<Member[]>(keys.people, (list) => list?.map((each) => (each.id === after.id ? after : each))),
  });
}

export function useInvitations() {
  return useQuery({
    queryKey: keys.invitations,
    queryFn: () => unwrap(api.GET("/api/invitations")),
    refetchOnMount: "always",
  });
}

export function useInvite() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewInvitation) => unwrap(api.POST("/api/invitations", { body })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.invitations }),
  });
}

export function useWithdrawInvitation() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/api/invitations/{invitation_id}", { params: { path: { invitation_id: id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.invitations }),
  });
}

/** When it was last heard is not told by the feed fact by fact: asked for when the page opens. */
export function useNodes() {
  return useQuery({
    queryKey: keys.nodes,
    queryFn: () => unwrap(api.GET("/api/nodes")),
    refetchOnMount: "always",
  });
}

function useNodeChange<T, V>(act: (input: V) => Promise<T>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.nodes });
      void client.invalidateQueries({ queryKey: keys.printers.all });
    },
  });
}

export function useAddNode() {
  return useNodeChange((body: NewNode) => unwrap(api.POST("/api/nodes", { body })));
}

export function useNodeCode() {
  return useNodeChange((name: string) => unwrap(api.POST("/api/nodes/{name}/code", { params: { path: { name } } })));
}

export function useRevokeNode() {
  return useNodeChange((name: string) => unwrap(api.POST("/api/nodes/{name}/revoke", { params: { path: { name } } })));
}

export function useTrail(filter: TrailFilter) {
  return useInfiniteQuery({
    queryKey: keys.trail(filter),
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/audit", {
          params: { query: { ...filter, ...(pageParam === null ? {} : { before: pageParam }) } },
        }),
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_before,
    refetchOnMount: "always",
  });
}
