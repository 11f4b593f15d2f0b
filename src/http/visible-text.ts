import { z } from "@hono/zod-openapi";
import { isVisible } from "../lib/visible";

/** Schema of a name or a reason in people's words: trimmed, with at least one visible character. */
export function visibleText(max: number, min = 1) {
  return z.string().trim().min(min).max(max).refine(isVisible, "nothing of it can be seen");
}
