import type { Job, Problem } from "@/lib/wire";

/** What the server (or the line) answered instead of a result; `detail` is for people. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly detail: string | null,
    readonly type: string | null,
    readonly job: Job | null,
  ) {
    super(detail ?? `HTTP ${status}`);
  }

  /** No answer at all: offline, or nobody listens. */
  get isLineError(): boolean {
    return this.status === 0;
  }

  /** The act is a grave one and the sign-in not of the last minutes. */
  get wantsSignIn(): boolean {
    return this.type === "/problems/sign-in-again";
  }

  /** Worth trying again by itself. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

function isProblem(body: unknown): body is Partial<Problem> {
  return typeof body === "object" && body !== null && "status" in body;
}

export function toApiError(status: number, body: unknown): ApiError {
  if (!isProblem(body)) return new ApiError(status, null, null, null);
  return new ApiError(status, body.detail ?? null, body.type ?? null, body.job ?? null);
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, null, null, null);
}
