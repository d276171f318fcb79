import type { Tone } from "@/lib/tones";

const TONES: Record<string, Tone> = {
  "job.approved": "good",
  "job.done": "good",
  "run.started": "accent",
  "run.resumed": "accent",
  "run.transferring": "accent",
  "run.starting": "accent",
  "job.claimed": "accent",
  "run.paused": "warn",
  "run.attention": "warn",
  "run.overdue": "warn",
  "job.returned": "warn",
  "job.failed": "bad",
  "job.rejected": "bad",
};

export function toneOf(type: string): Tone {
  return TONES[type] ?? "quiet";
}

const SAID = ["comment", "reason", "advice"] as const;

/** The sentences that a fact carries, in reading order; null if it carries none. */
export function wordsOf(body: Readonly<Record<string, unknown>>): string | null {
  const said = SAID.map((key) => body[key]).filter((text) => typeof text === "string" && text !== "");
  return said.length === 0 ? null : said.join(" ");
}
