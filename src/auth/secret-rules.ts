/**
 * The rules for secrets make sure that a person can sign in with them. `npm start` and `npm run
 * deploy` check them before the Worker starts, so this file imports nothing of the Worker.
 */
import { z } from "zod";

export const MIN_PASSWORD_LENGTH = 12;
export const MAX_PASSWORD_LENGTH = 128;
const MIN_SECRET_LENGTH = 32;

/** Each rule returns what is wrong with a secret, or null. */
const RULES = {
  ADMIN_EMAIL: (value: string) =>
    z.email().safeParse(value.trim()).success ? null : "is not an e-mail address",
  ADMIN_PASSWORD: ({ length }: string) =>
    length >= MIN_PASSWORD_LENGTH && length <= MAX_PASSWORD_LENGTH
      ? null
      : `needs ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters`,
  BETTER_AUTH_SECRET: ({ length }: string) =>
    length >= MIN_SECRET_LENGTH ? null : `needs at least ${MIN_SECRET_LENGTH} characters`,
};

export type SecretName = keyof typeof RULES;
export const SECRET_NAMES = Object.keys(RULES) as SecretName[];

/** Returns what is wrong with the named secret of an environment, or null. */
export function secretProblem(env: { [Name in SecretName]?: string }, name: SecretName) {
  return RULES[name](env[name] ?? "");
}
