/** Reading a toolpath as docs/preview.md describes it, into lines that a graphics card takes. */

const MAGIC = 0x50544c4c;
const VERSION = 1;
const HEADER_BYTES = 28;
const FIRST_POINT = 0x0fffffff;
const DARKEST = 0.55;
/** Where walls are brightest, a unit vector. */
const [LIGHT_X, LIGHT_Y] = [0.94, -0.342];

/** Colours by feature: outer wall, inner wall, infill, surface, support, other. */
export const COLORS = [0xf28c28, 0xf7c948, 0xb4413c, 0x4f7cf7, 0x3fae8f, 0x9aa0a8] as const;

export interface Toolpath {
  /** x, y, z of both ends of each line, mm. */
  positions: Float32Array;
  /** Red, green, blue of both ends of each line. */
  colors: Uint8Array;
  /** Height of each layer, mm. */
  heights: Float32Array;
  /** How many points lie in the layers up to each, itself included. */
  ends: Uint32Array;
  /** Whether something was left out to keep it small. */
  isReduced: boolean;
}

export class NotAToolpath extends Error {}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? 0;

interface Counts {
  layers: number;
  lines: number;
  points: number;
}

function countsOf(view: DataView): Counts {
  if (view.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC || view.getUint8(4) !== VERSION)
    throw new NotAToolpath();
  const counts = { layers: view.getUint32(16, true), lines: view.getUint32(20, true), points: view.getUint32(24, true) };
  if (view.byteLength !== HEADER_BYTES + 8 * counts.layers + 4 * counts.lines + 4 * counts.points)
    throw new NotAToolpath();
  return counts;
}

export function readToolpath(content: ArrayBuffer): Toolpath {
  const view = new DataView(content);
  const { layers, lines, points } = countsOf(view);
  const [origin, step] = [view.getFloat32(8, true), view.getFloat32(12, true)];
  const heights = new Float32Array(content.slice(HEADER_BYTES, HEADER_BYTES + 4 * layers));
  const firstLines = new Uint32Array(content, HEADER_BYTES + 4 * layers, layers);
  const packed = new Uint32Array(content, HEADER_BYTES + 8 * layers, lines);
  const steps = new Uint16Array(content, HEADER_BYTES + 8 * layers + 4 * lines, 2 * points);
  const segments = Math.max(points - lines, 0);
  const positions = new Float32Array(6 * segments);
  const colors = new Uint8Array(6 * segments);
  const ends = new Uint32Array(layers);
  let next = 0;

  const put = (point: number, z: number, color: number, light: number): void => {
    positions.set([origin + step * at(steps, 2 * point), origin + step * at(steps, 2 * point + 1), z], next);
    colors.set([light * (color >> 16), light * ((color >> 8) & 255), light * (color & 255)], next);
    next += 3;
  };
  /** A wall that runs across the light is brighter than one along it: so the shape is seen. */
  const lightOn = (point: number): number => {
    const dx = at(steps, 2 * point + 2) - at(steps, 2 * point);
    const dy = at(steps, 2 * point + 3) - at(steps, 2 * point + 1);
    const length = Math.hypot(dx, dy);
    return length === 0 ? 1 : DARKEST + (1 - DARKEST) * Math.abs((LIGHT_X * dx + LIGHT_Y * dy) / length);
  };
  const putLine = (line: number, z: number): void => {
    const word = at(packed, line);
    const stop = line + 1 < lines ? at(packed, line + 1) & FIRST_POINT : points;
    const color = COLORS[word >>> 28] ?? COLORS[5];
    for (let point = word & FIRST_POINT; point + 1 < stop; point += 1) {
      const light = lightOn(point);
      put(point, z, color, light);
      put(point + 1, z, color, light);
    }
  };
  for (let layer = 0; layer < layers; layer += 1) {
    const stop = layer + 1 < layers ? at(firstLines, layer + 1) : lines;
    for (let line = at(firstLines, layer); line < stop; line += 1) putLine(line, at(heights, layer));
    ends[layer] = next / 3;
  }
  return { positions, colors, heights, ends, isReduced: view.getUint8(5) > 0 };
}
