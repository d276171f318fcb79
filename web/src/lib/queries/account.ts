import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import type { NewToken } from "@/lib/wire";

export function useProviders() {
  return useQuery({ queryKey: keys.providers, queryFn: () => unwrap(api.GET("/api/auth/providers")) });
}

export function useIdentities() {
  return useQuery({ queryKey: keys.account.identities, queryFn: () => unwrap(api.GET("/api/me/identities")) });
}

/** Nothing in the feed tells of sessions and tokens: they are asked for when the page opens. */
export function useSessions() {
  return useQuery({
    queryKey: keys.account.sessions,
    queryFn: () => unwrap(api.GET("/api/me/sessions")),
    refetchOnMount: "always",
  });
}

export function useTokens() {
  return useQuery({
    queryKey: keys.account.tokens,
    queryFn: () => unwrap(api.GET("/api/me/tokens")),
    refetchOnMount: "always",
  });
}

function useChange<T, V>(key: readonly string[], act: (input: V) => Promise<T>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: act, onSettled: () => client.invalidateQueries({ queryKey: key }) });
}

/** Begin to add a way to sign in; the browser leaves for the provider. */
export function useLinkIdentity() {
  return useMutation({
    mutationFn: (provider: string) =>
      unwrap(api.POST("/api/auth/link/{provider}", { params: { path: { provider } } })),
    onSuccess: ({ url }) => window.location.assign(url),
  });
}

export function useUnlinkIdentity() {
  return useChange(keys.account.identities, (id: string) =>
    unwrap(api.DELETE("/api/me/identities/{identity_id}", { params: { path: { identity_id: id } } })),
  );
}

export function useEndSession() {
  return useChange(keys.account.sessions, (id: string) =>
    unwrap(api.DELETE("/api/me/sessions/{session_id}", { params: { path: { session_id: id } } })),
  );
}

export function useMakeToken() {
  return useChange(keys.account.tokens, (body: NewToken) => unwrap(api.POST("/api/me/tokens", { body })));
}

export function useRevokeToken() {
  return useChange(keys.account.tokens, (id: string) =>
    unwrap(api.DELETE("/api/me/tokens/{token_id}", { params: { path: { token_id: id } } })),
  );
}
