import { env as realEnv } from "cloudflare:workers";

/**
 * Wraps the real D1, and notes the query plan of every different statement that it is asked to
 * prepare.
 */
export function recordingDatabase(): {
  DB: D1Database;
  plans: () => Promise<Map<string, string[]>>;
} {
  const seen = new Set<string>();
  const DB = new Proxy(realEnv.DB, {
    get(target, property) {
      if (property === "prepare") {
        return (sql: string) => {
          seen.add(sql);
          return target.prepare(sql);
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const plans = async () => {
    const found = new Map<string, string[]>();
    for (const sql of seen) {
      const { results } = await realEnv.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...Array.from({ length: countParameters(sql) }, () => null))
        .all<{ detail: string }>();
      found.set(
        sql,
        results.map(({ detail }) => detail),
      );
    }
    return found;
  };
  return { DB, plans };
}

function countParameters(sql: string): number {
  const numbered = [...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number));
  return Math.max(0, ...numbered) || [...sql.matchAll(/\?/g)].length;
}
