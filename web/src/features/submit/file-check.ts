export const MAX_BYTES = 100 * 1024 * 1024;
export const MAX_FILES = 20;

export type FileFault = "model" | "gcode" | "other" | "empty" | "large";

const MODELS = [".stl", ".step", ".stp", ".obj", ".ply", ".amf", ".f3d", ".scad"];

/** What can be told before a byte leaves; null if the file may be sent. */
export function faultOf(name: string, size: number): FileFault | null {
  const lower = name.toLowerCase();
  if (MODELS.some((end) => lower.endsWith(end))) return "model";
  if (lower.endsWith(".gcode") || lower.endsWith(".bgcode") || lower.endsWith(".gco")) return "gcode";
  if (!lower.endsWith(".3mf")) return "other";
  if (size === 0) return "empty";
  return size > MAX_BYTES ? "large" : null;
}

/** "bracket.gcode.3mf" -> "bracket": what people call it. */
export function plainName(filename: string): string {
  return filename.replace(/(\.gcode)?\.3mf$/i, "");
}
