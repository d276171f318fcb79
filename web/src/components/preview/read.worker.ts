import { readMesh, type Mesh } from "@/components/preview/mesh";
import { readToolpath, type Toolpath } from "@/components/preview/toolpath";

export type Kind = "toolpath" | "model";
export interface Order {
  kind: Kind;
  content: ArrayBuffer;
}
export type Drawing = { kind: "toolpath"; toolpath: Toolpath } | { kind: "model"; mesh: Mesh };
export type Result = { drawing: Drawing } | { error: string };

function read({ kind, content }: Order): [Drawing, ArrayBufferLike[]] {
  if (kind === "model") {
    const mesh = readMesh(content);
    return [{ kind, mesh }, [content]];
  }
  const toolpath = readToolpath(content);
  const { positions, colors, heights, ends } = toolpath;
  return [{ kind, toolpath }, [positions.buffer, colors.buffer, heights.buffer, ends.buffer]];
}

self.addEventListener("message", (event: MessageEvent<Order>) => {
  let result: Result;
  let handedOver: ArrayBufferLike[] = [];
  try {
    const [drawing, buffers] = read(event.data);
    result = { drawing };
    handedOver = buffers;
  } catch (error) {
    result = { error: String(error) };
  }
  self.postMessage(result, { transfer: handedOver as Transferable[] });
});
