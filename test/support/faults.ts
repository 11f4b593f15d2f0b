import { env as realEnv } from "cloudflare:workers";

/** What a batch of D1 statements does in place of simply committing. */
export type Fault = "commits, but is reported failed" | "fails";

/**
 * The real D1, at whose boundary chosen batches go wrong. `pick` sees the SQL of a batch and says
 * which fault strikes it, if any.
 */
export function faultyDatabase(pick: (sql: string) => Fault | null): D1Database {
  const texts = new WeakMap<D1PreparedStatement, string>();
  const wrap = (statement: D1PreparedStatement, sql: string): D1PreparedStatement => {
    texts.set(statement, sql);
    const bind = statement.bind.bind(statement);
    statement.bind = (...values) => wrap(bind(...values), sql);
    return statement;
  };
  return new Proxy(realEnv.DB, {
    get(target, property) {
      if (property === "prepare") {
        return (sql: string) => wrap(target.prepare(sql), sql);
      }
      if (property === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          const fault = pick(statements.map((statement) => texts.get(statement)).join("\n"));
          if (fault === "fails") {
            throw new Error("D1_ERROR: Network connection lost.");
          }
          const results = await target.batch(statements);
          if (fault) {
            throw new Error("D1_ERROR: Network connection lost.");
          }
          return results;
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
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
