import createClient from "openapi-fetch";
import type { paths } from "@/generated/api";
import { ApiError, toApiError } from "@/lib/api/problem";
import { createStore } from "@/lib/store";

/** Becomes true when an answer was 401: a band asks to sign in, nothing on the page is lost. */
export const sessionOver = createStore(false);

export const api = createClient<paths>({ baseUrl: window.location.origin });

api.use({
  onResponse: ({ response, schemaPath }) => {
    if (response.status === 401 && schemaPath !== "/api/me") sessionOver.set(true);
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return the body of a good answer; throw ApiError for every other end. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    throw new ApiError(0, null, null, null);
  }
  if (!answer.response.ok) throw toApiError(answer.response.status, answer.error);
  return answer.data as T;
}

/** One key per thing wished for, kept over retries, so that a repeat makes nothing twice. */
export function newIdempotencyKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
