import type { ApiError } from "@/lib/api/problem";
import type { Catalogue } from "@/lib/i18n/en";
import type { Artifact } from "@/lib/wire";

/** Why something can't be done: in the reader's language where there are words, else in the server's. */
export function problemWords(t: Catalogue, error: ApiError): string | null {
  const { problems } = t.server;
  const code = error.type?.split("/").at(-1) ?? "";
  return problems[code] ?? problems[String(error.status)] ?? error.detail;
}

/** Why a file was refused. */
export function refusalWords(t: Catalogue, artifact: Artifact): string | null {
  return t.server.refusals[artifact.refusal_code ?? ""] ?? artifact.refusal;
}
