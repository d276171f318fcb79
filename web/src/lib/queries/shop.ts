import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import type { ShopSettings } from "@/lib/wire";

export function useShop() {
  return useQuery({ queryKey: keys.shop, queryFn: () => unwrap(api.GET("/api/settings")) });
}

/** Replace the settings; after a 409 what is there now is fetched. */
export function useChangeShop() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { version: number; settings: ShopSettings }) => unwrap(api.PUT("/api/settings", { body })),
    onSuccess: (after) => client.setQueryData(keys.shop, after),
    onError: () => client.invalidateQueries({ queryKey: keys.shop }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.jobs.reviews }),
  });
}
