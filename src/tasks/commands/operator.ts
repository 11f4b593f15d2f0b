import type { Context } from "hono";
import { type Acting, actingOf } from "../../audit/audit";
import type { AppEnv } from "../../http/app-env";
import type { Engine } from "../model/engine";

/** Who does something to tasks, and where: what a command is given of a request. */
export interface Operator extends Acting {
  engine: Engine;
}

/** Throws 401. */
export function operatorOf(c: Context<AppEnv>, engine: Engine): Operator {
  return { ...actingOf(c), engine };
}
