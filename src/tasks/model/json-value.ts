import { z } from "@hono/zod-openapi";
import { isDeeperThan } from "../../lib/depth";

/**
 * This depth is far from the 1,000 levels that SQLite reads, and from those that exhaust the stack.
 */
const MAX_DEPTH = 100;
export const isFlatEnough = (value: unknown) => !isDeeperThan(value, MAX_DEPTH);
export const TOO_DEEP = `nested over ${MAX_DEPTH} levels`;

/** jsonValue is any JSON that a caller may send to be kept, or none. */
export const jsonValue = z.unknown().refine(isFlatEnough, TOO_DEEP).optional();
/** jsonObject is a JSON object of a depth that can be read. */
export const jsonObject = z.record(z.string(), z.unknown()).refine(isFlatEnough, TOO_DEEP);
