// This is SQLite with a page limit like D1's: deployments report "Exceeded maximum DB size" at
// 9,999,998,976 bytes, which is 10 GB in whole pages. Neither the local D1 nor an object lets the
// limit be set. It implements as much of D1 as the tests need. full-sqlite.d.mts has its types.
import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";

const MIGRATIONS = fileURLToPath(new URL("../../migrations/", import.meta.url));
const PAGE_BYTES = 4096;

export function openLimited(pages) {
  const sqlite = new DatabaseSync(":memory:");
  for (const file of readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql"))) {
    sqlite.exec(readFileSync(MIGRATIONS + file, "utf8"));
  }
  sqlite.exec(`PRAGMA max_page_count = ${pages}`);
  return d1Over(sqlite);
}

function d1Over(sqlite) {
  const prepared = new Map();
  const statement = (sql) => {
    const known = prepared.get(sql) ?? sqlite.prepare(sql);
    prepared.set(sql, known);
    return known;
  };
  const one = (sql) => Object.values(statement(sql).get())[0];
  const run = (sql, values) => {
    const results = statement(sql).all(...values);
    const pages = one("PRAGMA page_count") - one("PRAGMA freelist_count");
    return { results, meta: { changes: one("SELECT changes()"), size_after: pages * PAGE_BYTES } };
  };
  const prepare = (sql, values = []) => ({
    bind: (...bound) => prepare(sql, bound),
    all: async () => run(sql, values),
    run: async () => run(sql, values),
    first: async (column) => run(sql, values).results[0]?.[column] ?? null,
  });
  const batch = async (statements) => {
    sqlite.exec("BEGIN");
    try {
      const results = [];
      for (const each of statements) {
        results.push(await each.run());
      }
      sqlite.exec("COMMIT");
      return results;
    } finally {
      if (sqlite.isTransaction) {
        sqlite.exec("ROLLBACK");
      }
    }
  };
  return { prepare, batch };
}
