import { AppError } from "../../http/errors";
import type { Translate } from "../../i18n/words";
import type { PeopleKey } from "./words";

/**
 * A FormProblem says what is wrong with a form: beside which field or above the form, and in which
 * words.
 */
export interface FormProblem {
  field: string;
  key: PeopleKey;
  status: 400 | 409 | 429;
}

/**
 * Returns the props by which a field shows its form's problem, if the problem is about that field.
 */
export function problemAt(id: string, problem: FormProblem | undefined, t: Translate<PeopleKey>) {
  return problem?.field === id ? { problem: t(problem.key), autofocus: true } : {};
}

/** BY_CODE maps codes, better-auth's and ours, to the field and the words. */
const BY_CODE: Record<string, [field: string, key: PeopleKey]> = {
  USER_ALREADY_EXISTS: ["email", "people.emailTaken"],
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: ["email", "people.emailTaken"],
  INVALID_EMAIL: ["email", "people.badEmail"],
  PASSWORD_TOO_SHORT: ["newPassword", "people.badPassword"],
  PASSWORD_TOO_LONG: ["newPassword", "people.badPassword"],
  INVALID_PASSWORD: ["currentPassword", "account.wrongPassword"],
  CREDENTIAL_ACCOUNT_NOT_FOUND: ["currentPassword", "account.noPassword"],
  YOU_CANNOT_BAN_YOURSELF: ["form", "people.notOneself"],
  YOU_CANNOT_REMOVE_YOURSELF: ["form", "people.notOneself"],
  own_role: ["role", "people.ownRole"],
  too_many_attempts: ["form", "account.tooMany"],
  rate_limited: ["form", "account.tooMany"],
};

/** BY_PARAMETER maps the name of a refused parameter to the field and the words. */
const BY_PARAMETER: Record<string, [field: string, key: PeopleKey]> = {
  email: ["email", "people.badEmail"],
  name: ["name", "people.badName"],
  password: ["password", "people.badPassword"],
  newPassword: ["newPassword", "people.badPassword"],
  role: ["role", "list.badRole"],
  banReason: ["reason", "people.badReason"],
  banExpiresIn: ["days", "people.badDays"],
};

/** Returns the problem that a form can show for an error, or throws the error again. */
export function formProblemOf(error: unknown): FormProblem {
  if (!(error instanceof AppError)) {
    throw error;
  }
  const { parameter } = error.extra;
  const found = typeof parameter === "string" ? BY_PARAMETER[parameter] : BY_CODE[error.code];
  if (found === undefined) {
    throw error;
  }
  const [field, key] = found;
  const status = error.status === 409 || error.status === 429 ? error.status : 400;
  return { field, key, status };
}
