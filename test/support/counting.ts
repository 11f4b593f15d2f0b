import { env as realEnv } from "cloudflare:workers";

export interface Counts {
  rowsRead: number;
  rowsWritten: number;
  statements: number;
  /** `calls` counts calls to D1; a batch is one. */
  calls: number;
}

/** A Sent is a statement as it was sent, and what D1 says it read. */
export interface Sent {
  sql: string;
  values: unknown[];
  rowsRead: number;
}

/** Returns the real D1, which sums up what its own `meta` says of every statement. */
export function countingDatabase(): { DB: D1Database; counts: Counts; sent: Sent[] } {
  const counts: Counts = { rowsRead: 0, rowsWritten: 0, statements: 0, calls: 0 };
  const sent: Sent[] = [];
  const texts = new WeakMap<D1PreparedStatement, Pick<Sent, "sql" | "values">>();
  const add = (results: { meta: D1Meta }[], statements: D1PreparedStatement[]) => {
    counts.calls += 1;
    for (const [index, { meta }] of results.entries()) {
      counts.statements += 1;
      counts.rowsRead += meta.rows_read;
      counts.rowsWritten += meta.rows_written;
      const text = statements[index] && texts.get(statements[index]);
      sent.push({ sql: text?.sql ?? "", values: text?.values ?? [], rowsRead: meta.rows_read });
    }
  };
  const wrap = (statement: D1PreparedStatement, sql: string, values: unknown[]) => {
    const bind = statement.bind.bind(statement);
    const all = statement.all.bind(statement);
    const raw = statement.raw.bind(statement) as (options?: unknown) => Promise<unknown[]>;
    texts.set(statement, { sql, values });
    const counted = async () => {
      const result = await all();
      add([result], [statement]);
      return result;
    };
    return Object.assign(statement, {
      bind: (...bound: unknown[]): D1PreparedStatement => wrap(bind(...bound), sql, bound),
      all: counted,
      run: counted,
      first: async (column?: string) => {
        const row = (await counted()).results[0];
        return (column === undefined ? row : row?.[column]) ?? null;
      },
      // `raw` tells no meta, so a statement that only reads is run twice.
      raw: async (options?: unknown) => {
        const rows = await raw(options);
        const reads = /^\s*select\b/i.test(sql);
        add(
          [reads ? await all() : { meta: { rows_read: 0, rows_written: 0 } as D1Meta }],
          [statement],
        );
        return rows;
      },
    });
  };
  const DB = new Proxy(realEnv.DB, {
    get(target, property) {
      if (property === "prepare") {
        return (sql: string) => wrap(target.prepare(sql), sql, []);
      }
      if (property === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          const results = await target.batch(statements);
          add(results, statements);
          return results;
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { DB, counts, sent };
}
