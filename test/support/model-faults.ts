import { env } from "cloudflare:workers";
import { type Fault, faultyDatabase, strike } from "./faults";
import type { FaultPlan } from "./model-plans";

/** Makes the fault that strikes batches whose SQL contains `text`, as planned. */
export function faultOf(plan: FaultPlan, text: string): (sql: string) => Fault | null {
  return plan === null ? () => null : strike(text, plan.fault, plan.times === "once" ? 1 : 99);
}

export function databaseWith(plan: FaultPlan, text: string): D1Database {
  return plan === null ? env.DB : faultyDatabase(faultOf(plan, text));
}

/** Wraps a database at which every lease gets a heartbeat right before each batch. */
export function beatenDatabase(db: D1Database, leaseMs: number): D1Database {
  return new Proxy(db, {
    get(target, property) {
      if (property === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          const extend = env.DB.prepare("UPDATE leases SET expires_at = ?");
          await extend.bind(Date.now() + leaseMs).run();
          return target.batch(statements);
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Makes a handler for `catch`, which swallows what a fault that lasts makes of a call. */
export function allowedBy(plan: FaultPlan): (error: unknown) => void {
  return (error) => {
    if (plan?.times !== "always") {
      throw error;
    }
  };
}
