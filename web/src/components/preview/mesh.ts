/** Reading a mesh as docs/preview.md describes it. */

const MAGIC = 0x534d4c4c;
const VERSION = 1;
const HEADER_BYTES = 16;

export interface Mesh {
  /** x, y, z of each vertex, mm. */
  positions: Float32Array;
  /** Three vertices a triangle. */
  corners: Uint32Array;
}

export class NotAMesh extends Error {}

export function readMesh(content: ArrayBuffer): Mesh {
  const view = new DataView(content);
  if (content.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC || view.getUint8(4) !== VERSION)
    throw new NotAMesh();
  const [vertices, triangles] = [view.getUint32(8, true), view.getUint32(12, true)];
  if (content.byteLength !== HEADER_BYTES + 12 * vertices + 12 * triangles) throw new NotAMesh();
  return {
    positions: new Float32Array(content, HEADER_BYTES, 3 * vertices),
    corners: new Uint32Array(content, HEADER_BYTES + 12 * vertices, 3 * triangles),
  };
}
