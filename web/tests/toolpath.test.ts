import { describe, expect, it } from "vitest";
import { NotAMesh, readMesh } from "@/components/preview/mesh";
import { COLORS, NotAToolpath, readToolpath } from "@/components/preview/toolpath";

interface Line {
  feature: number;
  points: [number, number][];
}

/** Write a toolpath as docs/preview.md describes it; places in mm. */
function written(layers: { z: number; lines: Line[] }[], level = 0): ArrayBuffer {
  const lines = layers.flatMap((layer) => layer.lines);
  const points = lines.flatMap((line) => line.points);
  const content = new ArrayBuffer(28 + 8 * layers.length + 4 * lines.length + 4 * points.length);
  const view = new DataView(content);
  [0x4c, 0x4c, 0x54, 0x50, 1, level].forEach((byte, index) => view.setUint8(index, byte));
  view.setFloat32(8, -50, true);
  view.setFloat32(12, 0.01, true);
  [layers.length, lines.length, points.length].forEach((n, index) => view.setUint32(16 + 4 * index, n, true));
  let at = 28;
  for (const { z } of layers) view.setFloat32((at += 4) - 4, z, true);
  let first = 0;
  for (const layer of layers) {
    view.setUint32((at += 4) - 4, first, true);
    first += layer.lines.length;
  }
  first = 0;
  for (const line of lines) {
    view.setUint32((at += 4) - 4, ((line.feature << 28) | first) >>> 0, true);
    first += line.points.length;
  }
  for (const value of points.flat()) view.setUint16((at += 2) - 2, Math.round((value + 50) / 0.01), true);
  return content;
}

const square: Line = { feature: 0, points: [[10, 10], [20, 10], [20, 20]] };
const infill: Line = { feature: 2, points: [[12, 12], [18, 18]] };

describe("a toolpath", () => {
  it("becomes lines by layer, in the colours of their features", () => {
    const read = readToolpath(written([{ z: 0.2, lines: [square, infill] }, { z: 0.4, lines: [square] }], 3));
    expect([...read.ends]).toEqual([6, 10]);
    expect([...read.heights].map((z) => z.toFixed(1))).toEqual(["0.2", "0.4"]);
    expect([...read.positions.slice(0, 6)].map((n) => Number(n.toFixed(2)))).toEqual([10, 10, 0.2, 20, 10, 0.2]);
    expect([...read.positions.slice(-6)].map((n) => Number(n.toFixed(2)))).toEqual([20, 10, 0.4, 20, 20, 0.4]);
    const [red = 0, green = 0] = read.colors.slice(12, 15);
    expect(red / green).toBeCloseTo((COLORS[2] >> 16) / ((COLORS[2] >> 8) & 255), 1);
    expect(read.colors[0]).toBeGreaterThan(read.colors[6] ?? 0);
    expect(read.isReduced).toBe(true);
  });

  it("may be empty, and a feature of a later version is drawn as other", () => {
    expect(readToolpath(written([])).positions).toHaveLength(0);
    const read = readToolpath(written([{ z: 1, lines: [{ ...infill, feature: 9 }] }]));
    const [red = 0, , blue = 0] = read.colors;
    expect(red / blue).toBeCloseTo((COLORS[5] >> 16) / (COLORS[5] & 255), 1);
  });

  it("is refused when it is cut off or another thing", () => {
    const whole = written([{ z: 0.2, lines: [square] }]);
    for (const content of [new ArrayBuffer(0), whole.slice(0, -2), new TextEncoder().encode("x".repeat(64)).buffer])
      expect(() => readToolpath(content)).toThrow(NotAToolpath);
  });
});

describe("a mesh", () => {
  const content = new ArrayBuffer(16 + 36 + 12);
  const view = new DataView(content);
  [0x4c, 0x4c, 0x4d, 0x53, 1].forEach((byte, index) => view.setUint8(index, byte));
  view.setUint32(8, 3, true);
  view.setUint32(12, 1, true);
  new Float32Array(content, 16, 9).set([0, 0, 0, 1, 0, 0, 0, 1, 0]);
  new Uint32Array(content, 52, 3).set([0, 1, 2]);

  it("is read without a copy", () => {
    const mesh = readMesh(content);
    expect([...mesh.corners]).toEqual([0, 1, 2]);
    expect(mesh.positions.buffer).toBe(content);
  });

  it("is refused when it is cut off", () => {
    expect(() => readMesh(content.slice(0, -1))).toThrow(NotAMesh);
  });
});
