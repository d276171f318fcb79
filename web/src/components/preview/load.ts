import type { Drawing, Kind, Order, Result } from "@/components/preview/read.worker";
import { api, unwrap } from "@/lib/api/client";
import { ApiError } from "@/lib/api/problem";

const ASK_AGAIN_MS = 2000;

async function fetched(kind: Kind, artifactId: string, plate: number, signal: AbortSignal): Promise<ArrayBuffer> {
  const init = { parseAs: "arrayBuffer" as const, signal };
  return kind === "model"
    ? unwrap<ArrayBuffer>(
        api.GET("/api/artifacts/{artifact_id}/model", { ...init, params: { path: { artifact_id: artifactId } } }),
      )
    : unwrap<ArrayBuffer>(
        api.GET("/api/artifacts/{artifact_id}/plates/{plate}/toolpath", {
          ...init,
          params: { path: { artifact_id: artifactId, plate } },
        }),
      );
}

function read(order: Order, signal: AbortSignal): Promise<Drawing> {
  const worker = new Worker(new URL("./read.worker.ts", import.meta.url), { type: "module" });
  return new Promise<Drawing>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    worker.addEventListener("error", () => reject(new Error("the worker broke")));
    worker.addEventListener("message", (event: MessageEvent<Result>) => {
      if ("drawing" in event.data) resolve(event.data.drawing);
      else reject(new Error(event.data.error));
    });
    worker.postMessage(order, [order.content]);
  }).finally(() => worker.terminate());
}

/** Fetch and read a preview; while it is still being made, `onWait` is told and it is asked again. */
export async function loadDrawing(
  kind: Kind,
  artifactId: string,
  plate: number,
  { signal, onWait }: { signal: AbortSignal; onWait: () => void },
): Promise<Drawing> {
  for (;;) {
    try {
      const content = await fetched(kind, artifactId, plate, signal);
      return await read({ kind, content }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ApiError) || error.type !== "/problems/preview-not-ready") throw error;
      onWait();
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      signal.throwIfAborted();
    }
  }
}
