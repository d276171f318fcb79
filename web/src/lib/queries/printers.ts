import { useMutation, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import type { Printer } from "@/lib/wire";

export function usePrinters() {
  return useQuery({
    queryKey: keys.printers.list,
    queryFn: () => unwrap(api.GET("/api/printers")),
  });
}

/** The answer to a wish; the feed says when to look again. */
export function useCommand(id: string | undefined) {
  return useQuery({
    queryKey: keys.commands.detail(id ?? ""),
    queryFn: () =>
      unwrap(api.GET("/api/commands/{command_id}", { params: { path: { command_id: id ?? "" } } })),
    enabled: id !== undefined,
  });
}

export function useBedWord(printer: Pick<Printer, "id">) {
  return useMutation({
    mutationFn: ({ word, bedSeq }: { word: "clear" | "not_clear"; bedSeq: number }) => {
      const init = { params: { path: { printer_id: printer.id } }, body: { bed_seq: bedSeq } };
      return unwrap(
        word === "clear"
          ? api.POST("/api/printers/{printer_id}/clear-bed", init)
          : api.POST("/api/printers/{printer_id}/unclear-bed", init),
      );
    },
  });
}

export function useLight(printer: Pick<Printer, "id">) {
  return useMutation({
    mutationFn: (isOn: boolean) =>
      unwrap(
        api.POST("/api/printers/{printer_id}/light", {
          params: { path: { printer_id: printer.id } },
          body: { on: isOn },
        }),
      ),
  });
}

export function useClearError(printer: Pick<Printer, "id">) {
  return useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/printers/{printer_id}/clear-error", { params: { path: { printer_id: printer.id } } })),
  });
}
