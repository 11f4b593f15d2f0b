import type { Context } from "hono";
import { type Acting, actingOf } from "../../audit/audit";
import type { AppEnv } from "../../http/app-env";
import type { Engine } from "../model/engine";

/** Operator is what a command gets of a request: who acts on tasks, and where. */
export interface Operator extends Acting {
  engine: Engine;
}

/** Returns the operator of a request. Throws 401. */
export function operatorOf(c: Context<AppEnv>, engine: Engine): Operator {
  return { ...actingOf(c), engine };
}
