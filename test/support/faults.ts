import { env as realEnv } from "cloudflare:workers";
import type { Patience } from "../../src/db/retry";
import { strictD1 } from "../platform/d1";
import { D1_ERROR_NAMES } from "../platform/d1-errors";

/** As often as consumers, without the waits. */
export const AT_ONCE: Patience = { passing: [0, 0, 0, 0], overloaded: [0, 0] };

/** Each that passes in turn: what is faulty has several. */
const ERRORS = D1_ERROR_NAMES.filter((name) => name !== "full");
let said = 0;

/** What a batch of D1 statements does in place of simply committing. */
export type Fault = "commits, but is reported failed" | "fails";

/**
 * D1, at whose boundary chosen batches go wrong. `pick` sees the SQL of a batch and says which fault
 * strikes it, if any.
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
