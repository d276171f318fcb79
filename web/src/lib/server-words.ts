import type { ApiError } from "@/lib/api/problem";
import type { Catalogue } from "@/lib/i18n/en";
import type { Said } from "@/lib/i18n/machine/codes";
import type { Artifact, Command, Evidence, Job, JobEvent, Printer, PrinterMessage, Saying } from "@/lib/wire";

/** Why something can't be done: in the reader's language where there are words, else in the server's. */
export function problemWords(t: Catalogue, error: ApiError): string | null {
  const { problems } = t.server;
  const code = error.type?.split("/").at(-1) ?? "";
  return problems[code] ?? problems[String(error.status)] ?? error.detail;
}

/** A sentence of a node or a service; null where this language has none. */
function sentence(t: Catalogue, said: Saying | null): string | null {
  const template = said === null ? undefined : t.server.sentences[said.code];
  if (template === undefined || said === null) return null;
  return template.replace(/\{(\w+)\}/g, (_, name: string) => said.params[name] ?? "");
}

function machine(t: Catalogue, code: unknown): Said | null {
  return typeof code === "string" ? t.server.machine(code) : null;
}

/** Why a file was refused. */
export function refusalWords(t: Catalogue, artifact: Artifact): string | null {
  return sentence(t, artifact.said) ?? t.server.refusals[artifact.refusal_code ?? ""] ?? artifact.refusal;
}

/** Why a job is as it is: the printer's words, a node's or a service's, or a person's own. */
export function jobReason(t: Catalogue, job: Pick<Job, "reason" | "said" | "code">): string | null {
  if (job.reason === null) return null;
  return machine(t, job.code)?.[0] ?? sentence(t, job.said) ?? t.server.released[job.code ?? ""] ?? job.reason;
}

/** What to do about it. */
export function jobAdvice(t: Catalogue, job: Pick<Job, "advice" | "code">): string | null {
  return machine(t, job.code)?.[1] ?? job.advice;
}

/** What stands at the printer's screen. */
export function messageWords(t: Catalogue, message: PrinterMessage): { text: string; advice: string | null } {
  const said = machine(t, message.code);
  return said === null ? message : { text: said[0], advice: said[1] ?? null };
}

export function printerDetail(t: Catalogue, printer: Pick<Printer, "detail" | "said" | "code">): string | null {
  if (printer.detail === null) return null;
  return machine(t, printer.code)?.[0] ?? sentence(t, printer.said) ?? printer.detail;
}

export function bedReason(t: Catalogue, bed: Printer["bed"]): string | null {
  return sentence(t, bed.said) ?? bed.reason;
}

export function refusedWords(t: Catalogue, command: Command): string | null {
  return sentence(t, command.said) ?? command.answer_reason;
}

export function evidenceText(t: Catalogue, known: Evidence): string | null {
  if (known.text === null) return null;
  return machine(t, known.code)?.[0] ?? sentence(t, known.said) ?? t.server.released[known.code ?? ""] ?? known.text;
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

function reasonOf(t: Catalogue, { body, said }: Pick<JobEvent, "body" | "said">): string | null {
  const reason = text(body["reason"]);
  if (reason === null) return null;
  const known = machine(t, body["code"])?.[0] ?? sentence(t, said);
  return known ?? t.server.released[text(body["code"]) ?? ""] ?? reason;
}

/** The sentences that a fact carries, in reading order; null if it carries none. */
export function eventWords(t: Catalogue, event: Pick<JobEvent, "body" | "said">): string | null {
  const { body } = event;
  const advice = text(body["advice"]);
  const said = [
    text(body["comment"]),
    reasonOf(t, event),
    advice === null ? null : (machine(t, body["code"])?.[1] ?? advice),
  ].filter((words) => words !== null);
  return said.length === 0 ? null : said.join(" ");
}
