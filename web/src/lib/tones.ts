import type { MantineColorsTuple } from "@mantine/core";

export type Tone = "accent" | "good" | "warn" | "bad" | "ask" | "quiet";

/** accent: moving, main button; warn: a person must act; ask: waits for a decision. */
export const TONES: Record<Tone, MantineColorsTuple> = {
  accent: ["#eef1ff", "#dde3ff", "#bac5ff", "#94a5fd", "#7388f7", "#5a71ee", "#4a61e2", "#3d53cf", "#3145ad", "#26378a"],
  good: ["#e9f9ee", "#cdf1d8", "#a3e3b6", "#74d192", "#48bd70", "#2aa556", "#1b8d45", "#147a3a", "#0e6530", "#0a4f25"],
  warn: ["#fff6e5", "#ffe9c2", "#ffd591", "#ffbf5c", "#f9a82f", "#e08c0b", "#b86f00", "#955900", "#774700", "#5c3700"],
  bad: ["#fff0f0", "#ffdcdc", "#ffb8b8", "#ff8f8f", "#f76666", "#e74646", "#d12f2f", "#b82222", "#9c1919", "#7d1212"],
  ask: ["#f5f0ff", "#e8deff", "#d2bfff", "#b89bfb", "#a07cf5", "#8c61ee", "#7c4ce2", "#6c3dcd", "#5a32ab", "#472788"],
  quiet: ["#f3f4f6", "#e6e8eb", "#cdd1d6", "#aeb4bb", "#8f969f", "#737b85", "#616973", "#525962", "#41474f", "#30353b"],
};
