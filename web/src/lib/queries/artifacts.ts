import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";

/** An artifact that passed its check never changes. */
export function useArtifact(id: string) {
  return useQuery({
    queryKey: keys.artifacts.detail(id),
    queryFn: () => unwrap(api.GET("/api/artifacts/{artifact_id}", { params: { path: { artifact_id: id } } })),
    staleTime: Infinity,
  });
}
