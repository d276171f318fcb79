import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import { asApiError } from "@/lib/api/problem";

export function useMe() {
  return useQuery({
    queryKey: keys.me,
    queryFn: () => unwrap(api.GET("/api/me")),
    staleTime: Infinity,
    retry: (count, error) => asApiError(error).isTransient && count < 3,
  });
}
