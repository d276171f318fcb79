interface Waiting {
  resolve: (hex: string) => void;
  reject: (error: Error) => void;
}

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, Waiting>();

function theWorker(): Worker {
  if (worker !== undefined) return worker;
  worker = new Worker(new URL("./hash.worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<{ id: number; hex: string | null }>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.hex === null) asked?.reject(new Error("unreadable"));
    else asked?.resolve(data.hex);
  };
  worker.onerror = () => {
    for (const asked of waiting.values()) asked.reject(new Error("worker"));
    waiting.clear();
    worker = undefined;
  };
  return worker;
}

/** SHA-256 of a file in hex, off the main thread; rejects if it can't be read any more. */
export function hashFile(file: File): Promise<string> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    theWorker().postMessage({ id, file });
  });
}
