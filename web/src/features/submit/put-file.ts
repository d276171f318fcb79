/** The line broke: the same bytes may be tried again. */
export class LineLost extends Error {
  override readonly name = "LineLost";
}

const SET_BY_BROWSER: ReadonlySet<string> = new Set(["content-length", "host"]);

/** Each time that it is told is a frame to draw, and drawing takes processor from sending. */
const TELL_EVERY_MS = 250;

/** Tell of the bytes that were sent now and then, and of the last ones. */
export function nowAndThen(onSent: (bytes: number) => void): (event: Pick<ProgressEvent, "loaded" | "total" | "timeStamp">) => void {
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return ({ loaded, total, timeStamp }) => {
    if (loaded < total && timeStamp - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = timeStamp;
    onSent(loaded);
  };
}

interface Put {
  url: string;
  headers: Record<string, string>;
}

/** PUT a file to a presigned URL and return the status; fetch can't tell how much was sent.
 * Rejects with LineLost, or with the signal's reason. */
export function putFile(put: Put, file: File, signal: AbortSignal, onSent: (bytes: number) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    signal.addEventListener("abort", stop);
    request.open("PUT", put.url);
    for (const [name, value] of Object.entries(put.headers)) {
      if (!SET_BY_BROWSER.has(name.toLowerCase())) request.setRequestHeader(name, value);
    }
    request.upload.onprogress = nowAndThen(onSent);
    request.onload = () => resolve(request.status);
    request.onerror = () => reject(new LineLost());
    request.ontimeout = () => reject(new LineLost());
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", stop);
    request.send(file);
  });
}
