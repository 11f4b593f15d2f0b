import { counts } from "./counters";

/** The real D1, adding up what its own `meta` says of every statement. */
export function countingDatabase(db: D1Database): D1Database {
  // A batch wants the real statements: each wrapper knows its own.
  const real = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const all = async <T>() => note([await statement.all<T>()])[0] as D1Result<T>;
    const wrapper = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all,
      run: all,
      first: async (column?: string) => {
        const row = (await all<Record<string, unknown>>()).results[0] ?? null;
        return row && column !== undefined ? row[column] : row;
      },
      raw: async (options?: { columnNames?: false }) => {
        // `raw` carries no meta: the same statement is counted as rows, then given as arrays.
        const { results } = await all<Record<string, unknown>>();
        const rows = results.map((row) => Object.values(row));
        return options?.columnNames ? [Object.keys(results[0] ?? {}), ...rows] : rows;
      },
    } as unknown as D1PreparedStatement;
    real.set(wrapper, statement);
    return wrapper;
  };
  return new Proxy(db, {
    get(target, property) {
      if (property === "prepare") {
        return (sql: string) => wrap(target.prepare(sql));
      }
      if (property === "batch") {
        return async (statements: D1PreparedStatement[]) =>
          note(await target.batch(statements.map((each) => real.get(each) ?? each)));
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function note<T extends D1Result>(results: T[]): T[] {
  counts.d1Calls += 1;
  for (const { meta } of results) {
    counts.d1Statements += 1;
    counts.d1RowsRead += meta.rows_read;
    counts.d1RowsWritten += meta.rows_written;
    counts.d1SqlMs += meta.duration;
  }
  return results;
}
