/** The cron's work has a bound, however long it did not run. */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import worker from "../../../src/index";
import { countingDatabase } from "../../support/counting";
import { testEnv } from "../../support/engine";

const ROWS = 60_000;

const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})`;

it("a run of the cron asks D1 less than a thousand times, and the next goes on", async () => {
  for (const sql of [
    `${numbers} INSERT INTO idempotency_keys (key, body_hash, lote, expires_at)
     SELECT 'k' || i, '', '', 1 FROM n`,
    `${numbers} INSERT INTO notifications (id, user, fold, type, task_id, task_name, count,
       created_at, updated_at) SELECT printf('%012x', i), 'user:x', 'f' || i, 'success', '', '', 1,
       1, 1 FROM n`,
    `${numbers} INSERT INTO orders (id, task_id, hash, customer, lines, currency, subtotal,
       discount, total, processed_at)
     SELECT 'e' || char(769) || i, 't' || i, '', 'José ' || i, '[]', 'USD', 0, 0, 0, 1 FROM n`,
  ]) {
    await env.DB.prepare(sql).run();
  }
  const left = async () => {
    const { results } = await env.DB.prepare(
      `SELECT (SELECT count(*) FROM idempotency_keys) AS keys,
         (SELECT count(*) FROM notifications) AS notifications,
         (SELECT count(*) FROM orders WHERE customer_folded IS NULL) AS orders`,
    ).all();
    return results[0];
  };
  const queries: number[] = [];
  const lefts: unknown[] = [];
  for (let run = 0; run < 2; run++) {
    const { DB, counts } = countingDatabase();
    await worker.scheduled({} as ScheduledController, testEnv({ DB }));
    queries.push(counts.statements);
    lefts.push(await left());
  }
  expect(Math.max(...queries)).toBeLessThan(600);
  expect(queries[0]).toBeGreaterThan(150);
  expect(lefts).toEqual([
    { keys: ROWS - 50_000, notifications: ROWS - 50_000, orders: ROWS - 50_000 },
    { keys: 0, notifications: 0, orders: 0 },
  ]);
}, 120_000);
