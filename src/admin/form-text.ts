import type { Context } from "hono";
import { AppError } from "../http/errors";

type Form = Record<string, unknown>;

/** The form a request brings. Throws 400 `invalid_form` for one that cannot be read. */
export async function readForm(c: Context): Promise<Form> {
  try {
    return await c.req.parseBody();
  } catch {
    throw new AppError(400, "invalid_form", "The body is not a form.");
  }
}

/** What was typed in a field of a form; a file, or a field that is missing, is nothing. */
export function formText(form: Form, field: string): string {
  const value = form[field];
  return typeof value === "string" ? value : "";
}
