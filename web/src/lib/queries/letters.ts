import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import type { Letter, Letters } from "@/lib/wire";

const LOOK_EVERY_MS = 1000;

/** Messages that nobody has settled; nothing in the feed tells of them. */
export function useLetters() {
  return useQuery({
    queryKey: keys.letters,
    queryFn: () => unwrap(api.GET("/api/dead-letters")),
    refetchOnMount: "always",
  });
}

/** One letter, looked at until the projector has answered. */
export function useReplayed(letter: Letter, isAsked: boolean) {
  return useQuery({
    queryKey: [...keys.letters, letter.id],
    queryFn: () =>
      unwrap(api.GET("/api/dead-letters/{letter_id}", { params: { path: { letter_id: letter.id } } })),
    enabled: isAsked,
    refetchInterval: (query) => (query.state.data?.is_replaying === false ? false : LOOK_EVERY_MS),
  });
}

export function useLetterAct(id: string, kind: "replay" | "drop") {
  const client = useQueryClient();
  const params = { path: { letter_id: id } };
  return useMutation({
    mutationFn: () =>
      kind === "replay"
        ? unwrap(api.POST("/api/dead-letters/{letter_id}/replay", { params }))
        : unwrap(api.POST("/api/dead-letters/{letter_id}/drop", { params })),
    onSuccess: (after) => {
      client.setQueryData<Letter>([...keys.letters, id], after);
      // It stays in sight with its answer until the page is opened again.
      client.setQueryData<Letters>(
        keys.letters,
        (all) => all && { ...all, letters: all.letters.map((each) => (each.id === id ? after : each)) },
      );
    },
  });
}
