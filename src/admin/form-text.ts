import type { Context } from "hono";
import { AppError } from "../http/errors";

type Form = Record<string, unknown>;

/** The form a request brings. Throws 400 `invalid_form` for one that cannot be read. */
export function readForm(c: Context): Promise<Form> {
  return parse(c, false);
}

/** All that was typed in it, fields of the same name included; throws likewise. */
export async function readFields(c: Context): Promise<URLSearchParams> {
  const fields = Object.entries(await parse(c, true)).flatMap(([name, value]) =>
    [value].flat().map((each) => [name, typeof each === "string" ? each : ""]),
  );
  return new URLSearchParams(fields);
}

async function parse(c: Context, all: boolean): Promise<Form> {
  try {
    return await c.req.parseBody({ all });
  } catch {
    throw new AppError(400, "invalid_form", "The body is not a form.");
  }
}

/** What was typed in a field of a form; a file, or a field that is missing, is nothing. */
export function formText(form: Form, field: string): string {
  const value = form[field];
  return typeof value === "string" ? value : "";
}
