import { AppError } from "../http/errors";
import { log } from "../log";
import { type SecretName, secretProblem } from "./secret-rules";

export { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "./secret-rules";
export const AUTH_PATH = "/api/auth";

/**
 * Throws 503 `invalid_configuration` unless the named secrets follow their rules. The log and the
 * answer name the variable but never its value.
 */
export function requireSecrets(env: Env, ...names: SecretName[]): void {
  for (const variable of names) {
    const problem = secretProblem(env, variable);
    if (problem !== null) {
      log.error("auth.invalid_configuration", { variable, problem });
      throw new AppError(503, "invalid_configuration", `${variable} ${problem}.`, { variable });
    }
  }
}
