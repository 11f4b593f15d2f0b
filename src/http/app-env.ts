import type { Hook } from "@hono/zod-openapi";
import type { Caller } from "../caller";
import { AppError } from "./errors";
import { toldOf } from "./plain-words";

/** AppEnv types what every route finds in its context. */
export interface AppEnv {
  Bindings: Env;
  Variables: { requestId: string; caller: Caller | null };
}

/** Turns a failed validation of a request into a 400 that names the parameter. */
export const validationHook: Hook<unknown, AppEnv, string, unknown> = (result) => {
  if (result.success) {
    return;
  }
  const { parameter, detail } = toldOf(result.error.issues);
  throw new AppError(400, "invalid_parameter", detail, { parameter });
};
