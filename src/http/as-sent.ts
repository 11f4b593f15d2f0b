import type { Context } from "hono";
import { parseAsSent } from "../lib/exact-json";

/**
 * A member of a JSON body with every number as it was sent: for what is kept rather than computed
 * with. `valid` is what validation made of the body, whose numbers are as JavaScript reads them.
 */
export async function asSent<Body extends object>(
  c: Context,
  valid: Body,
  member: keyof Body & string,
): Promise<unknown> {
  if (valid[member] === undefined) {
    return undefined; // there may be no JSON at all
  }
  return (parseAsSent(await c.req.text()) as Partial<Record<string, unknown>>)[member];
}
