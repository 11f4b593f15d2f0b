import { AppError } from "../http/errors";
import { log } from "../log";

export const AUTH_PATH = "/api/auth";
export const MIN_PASSWORD_LENGTH = 12;
export const MAX_PASSWORD_LENGTH = 128;
const MIN_SECRET_LENGTH = 32;

/** Throws 503 `invalid_configuration` unless BETTER_AUTH_SECRET is long enough to sign with. */
export function requireSecret(env: Env): void {
  if ((env.BETTER_AUTH_SECRET ?? "").length < MIN_SECRET_LENGTH) {
    const problem = `needs at least ${MIN_SECRET_LENGTH} characters`;
    throw invalidConfiguration("BETTER_AUTH_SECRET", problem);
  }
}

/** Names the variable in the log and in the answer; its value appears in neither. */
export function invalidConfiguration(variable: string, problem: string): AppError {
  log.error("auth.invalid_configuration", { variable, problem });
  return new AppError(503, "invalid_configuration", `${variable} ${problem}.`, { variable });
}
