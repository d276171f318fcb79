interface Scope {
  onmessage: ((event: MessageEvent<{ id: number; file: File }>) => void) | null;
  postMessage: (answer: { id: number; hex: string | null }) => void;
}

const scope = self as unknown as Scope;

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** WebCrypto is missing on plain http away from localhost; then it is hashed in JavaScript. */
async function sha256(file: File): Promise<string> {
  const subtle = (crypto as { subtle?: SubtleCrypto }).subtle;
  if (subtle !== undefined) return toHex(new Uint8Array(await subtle.digest("SHA-256", await file.arrayBuffer())));
  const { sha256: make } = await import("@noble/hashes/sha2.js");
  const hash = make.create();
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return toHex(hash.digest());
    hash.update(value);
  }
}

scope.onmessage = ({ data }) => {
  sha256(data.file).then(
    (hex) => scope.postMessage({ id: data.id, hex }),
    () => scope.postMessage({ id: data.id, hex: null }),
  );
};
