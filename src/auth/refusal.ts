import { z } from "zod";
import { AppError } from "../http/errors";

const Answer = z.object({ code: z.string().optional(), message: z.string().optional() }).catch({});

/** REFUSALS maps the statuses that better-auth refuses with to a code for refusals without one. */
const REFUSALS = [
  [400, "bad_request"],
  [401, "unauthorized"],
  [403, "forbidden"],
  [404, "not_found"],
  [405, "method_not_allowed"],
  [409, "conflict"],
  [415, "unsupported_media_type"],
  [422, "unprocessable"],
  [429, "too_many_requests"],
] as const;

/**
 * Turns better-auth's refusal into an AppError with its own `code` and `message`. A failure of
 * better-auth itself becomes an unexpected error, whose message only the log gets.
 */
export async function refusal(response: Response): Promise<Error> {
  const { code, message } = Answer.parse(await response.json().catch(() => null));
  if (response.status >= 500) {
    return new Error(`better-auth answered ${response.status}: ${message ?? "no reason"}`);
  }
  const [status, fallback] = REFUSALS.find(([known]) => known === response.status) ?? REFUSALS[0];
  const detail = message ?? "The request was refused.";
  return new AppError(status, code ?? fallback, detail, { message: detail });
}
