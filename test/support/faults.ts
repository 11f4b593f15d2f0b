import { env as realEnv } from "cloudflare:workers";
import type { Patience } from "../../src/db/retry";
import { strictD1 } from "../platform/d1";
import { D1_ERROR_NAMES } from "../platform/d1-errors";

/** AT_ONCE retries as often as consumers do, without the waits. */
export const AT_ONCE: Patience = { passing: [0, 0, 0, 0], overloaded: [0, 0] };

/** Each passing error strikes in turn, since a real fault may be any of them. */
const ERRORS = D1_ERROR_NAMES.filter((name) => name !== "full");
let said = 0;

/** A Fault is what a batch of D1 statements does instead of simply committing. */
export type Fault = "commits, but is reported failed" | "fails";

/**
 * Returns the real D1 with chosen batches going wrong at its boundary. `pick` sees the SQL of a
 * batch and returns the fault that strikes it, or null.
 */
export function faultyDatabase(pick: (sql: string) => Fault | null): D1Database {
  return strictD1(realEnv.DB, {
    fault: ({ sql, isBatch }) => {
      const fault = isBatch ? pick(sql) : null;
      said += fault ? 1 : 0;
      return fault && { error: ERRORS[said % ERRORS.length], committed: fault !== "fails" };
    },
  });
}

/** Strikes the first `times` batches whose SQL contains `text`. */
export function strike(text: string, fault: Fault, times = 1): (sql: string) => Fault | null {
  let left = times;
  return (sql) => {
    if (left > 0 && sql.includes(text)) {
      left -= 1;
      return fault;
    }
    return null;
  };
}
