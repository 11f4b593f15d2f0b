import { z } from "@hono/zod-openapi";
import { isVisible } from "../lib/visible";

/** A name or a reason in people's words: trimmed, and something of it can be seen. */
export function visibleText(max: number, min = 1) {
  return z.string().trim().min(min).max(max).refine(isVisible, "nothing of it can be seen");
}
