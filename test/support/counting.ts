import { env as realEnv } from "cloudflare:workers";

export interface Counts {
  rowsRead: number;
  rowsWritten: number;
  statements: number;
  /** Calls to D1: a batch is one. */
  calls: number;
}

/** The real D1, which adds up what its own `meta` says of every statement. */
export function countingDatabase(): { DB: D1Database; counts: Counts } {
  const counts: Counts = { rowsRead: 0, rowsWritten: 0, statements: 0, calls: 0 };
  const add = (results: D1Result[]) => {
    counts.calls += 1;
    for (const { meta } of results) {
      counts.statements += 1;
      counts.rowsRead += meta.rows_read;
      counts.rowsWritten += meta.rows_written;
    }
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const bind = statement.bind.bind(statement);
    const all = statement.all.bind(statement);
    const counted = async () => {
      const result = await all();
      add([result]);
      return result;
    };
    return Object.assign(statement, {
      bind: (...values: unknown[]) => wrap(bind(...values)),
      all: counted,
      run: counted,
      first: async () => (await counted()).results[0] ?? null,
    });
  };
  const DB = new Proxy(realEnv.DB, {
    get(target, property) {
      if (property === "prepare") {
        return (sql: string) => wrap(target.prepare(sql));
      }
      if (property === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          const results = await target.batch(statements);
          add(results);
          return results;
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { DB, counts };
}
