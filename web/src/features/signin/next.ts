import type { Catalogue } from "@/lib/i18n/en";

/** A path of ours, or the start page: never a way out to somewhere else. */
export function safeNext(next: string | null): string {
  if (next === null || !next.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/";
  return next.startsWith("/signin") ? "/" : next;
}

/** The sentence for an error code that the sign-in came back with. */
export function errorWords(t: Catalogue, code: string): string {
  const { other, ...known } = t.signin.errors;
  return code in known ? known[code as keyof typeof known] : other(code);
}
