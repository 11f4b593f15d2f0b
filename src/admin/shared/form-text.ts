import type { Context } from "hono";
import { AppError } from "../../http/errors";
import { saysNothing, sentText } from "../../http/route";
import { assertTakenFields } from "./taken-names";

const FORM = /^(?:multipart\/form-data|application\/x-www-form-urlencoded)\s*(?:;|$)/i;

type Form = Record<string, unknown>;

/**
 * Reads the form of a request. Throws 400 `invalid_form` for a body that is not a form, and
 * `invalid_parameter` for a field that the page does not take, or that is not in `taken`.
 */
export async function readForm(c: Context, taken?: readonly string[]): Promise<Form> {
  try {
    if (!FORM.test(c.req.header("content-type") ?? "") && !saysNothing(await sentText(c))) {
      throw new TypeError("Of another type");
    }
    const form = await c.req.parseBody({ all: true });
    const names = fieldsOf(form).map(([name]) => name);
    assertTakenFields(c, names, taken);
    return form;
  } catch (error) {
    throw error instanceof AppError
      ? error
      : new AppError(400, "invalid_form", "The body is not a form.");
  }
}

/** Reads a form's fields, repeated names included. Throws as `readForm` does. */
export async function readFields(c: Context): Promise<URLSearchParams> {
  return new URLSearchParams(fieldsOf(await readForm(c)));
}

function fieldsOf(form: Form): [name: string, value: string][] {
  return Object.entries(form).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, typeof each === "string" ? each : ""]),
  );
}

/** Returns what was typed in a field; "" for a file or a missing field. */
export function formText(form: Form, field: string): string {
  const value = form[field];
  return typeof value === "string" ? value : "";
}
