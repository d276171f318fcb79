import type { Catalogue } from "@/lib/i18n/en";

/** A path of ours, or the start page: never a way out to somewhere else. */
export function safeNext(next: string | null): string {
  if (next === null || !next.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/";
  return next.startsWith("/signin") ? "/" : next;
}

const STORED = "layerline.next";

/** Where to go after the sign-in: as asked, else as asked before a sign-in that failed. */
export function rememberedNext(params: URLSearchParams): string {
  const asked = params.get("next");
  if (asked === null) return params.has("error") ? safeNext(sessionStorage.getItem(STORED)) : "/";
  sessionStorage.setItem(STORED, asked);
  return safeNext(asked);
}

/** Why somebody can't come in, and what they can do, for a code that the sign-in came back with. */
export function errorWords(t: Catalogue, code: string): { title: string; text: string } {
  const { other, ...known } = t.signin.errors;
  return code in known ? known[code as keyof typeof known] : other(code);
}
