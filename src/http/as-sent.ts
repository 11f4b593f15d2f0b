import type { Context } from "hono";
import { parseAsSent } from "../lib/exact-json";

/**
 * Returns a member of the JSON body with every number as it was sent, for values that are stored
 * rather than computed with. `valid` is the validated body, whose numbers JavaScript may have
 * rounded.
 */
export async function asSent<Body extends object>(
  c: Context,
  valid: Body,
  member: keyof Body & string,
): Promise<unknown> {
  if (valid[member] === undefined) {
    return undefined; // the request may have no JSON body at all
  }
  return (parseAsSent(await c.req.text()) as Partial<Record<string, unknown>>)[member];
}
