import { z } from "@hono/zod-openapi";
import { isDeeperThan } from "../../lib/depth";

/** SQLite reads JSON of up to 1,000 levels, and writing it out as text needs a stack. */
const MAX_DEPTH = 100;
export const isFlatEnough = (value: unknown) => !isDeeperThan(value, MAX_DEPTH);
export const TOO_DEEP = `nested over ${MAX_DEPTH} levels`;

/** Any JSON a caller may send to be kept, or none. */
export const jsonValue = z.unknown().refine(isFlatEnough, TOO_DEEP).optional();
/** An object of a depth that can be read. */
export const jsonObject = z.record(z.string(), z.unknown()).refine(isFlatEnough, TOO_DEEP);
