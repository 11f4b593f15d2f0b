import { beforeEach, describe, expect, it } from "vitest";
import { deleteExpired } from "../../src/auth/queries";
import { keepBallast } from "../../src/db/ballast";
import { deleteOrder } from "../../src/orders/delete";
import { deleteExpiredKeys } from "../../src/tasks/recovery/expired-keys";
import { firstIdAt, newBatchId, taskId } from "../../src/lib/ids";
import { deleteOldNotifications } from "../../src/tasks/reading/notifications";
import { openLimited } from "../support/full-sqlite.mjs";
import { readProjectFile } from "../support/node.mjs";
import { fileVariables } from "../support/variables";

const PAGES = 800;
const MIDNIGHT = Date.UTC(2026, 9, 1);
const FULL = "database or disk is full";

let env: Env;
beforeEach(async () => {
  env = { ...fileVariables, CATALOGUE_URL: "embedded", DB: openLimited(PAGES) } as unknown as Env;
  await keepBallast(env);
  const insert = (sql: string) => env.DB.prepare(sql).run();
  await insert("INSERT INTO idempotency_keys VALUES ('k', '', '', 1)");
  await insert("INSERT INTO sign_in_attempts VALUES ('1.1.1.1', 1, 1)");
  await insert(
    `INSERT INTO notifications (id, user, fold, type, task_id, task_name, count, created_at, updated_at)
     VALUES ('0', 'u', '', 'x', 't', 'n', 1, 1, 1)`,
  );
  await expect(fillUp()).rejects.toThrow(FULL);
});

/**
 * Stores orders and tasks, one a second from before the day that docs/operations.md names, until
 * nothing more fits.
 */
async function fillUp(): Promise<void> {
  for (let n = 0; ; n++) {
    const task = taskId(newBatchId(MIDNIGHT + (n - 600) * 1000), 0);
    await env.DB.prepare(
      `INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, ready_at, check_at, created_at)
       VALUES (?1, 'pedidos.procesar', 'pedidos', 'orders', ?3, ?2, 3, 0, 0, 0)`,
    )
      .bind(task, "x".repeat(200 + (n % 50)), n % 10 === 0 ? "PENDING" : "SUCCESS")
      .run();
    await env.DB.prepare(
      `INSERT INTO orders (id, task_id, hash, customer, lines, currency, subtotal, discount, total, processed_at)
       VALUES (?1, ?2, '', 'ACME', ?3, 'USD', 1, 0, 1, ?4)`,
    )
      .bind(String(Math.round(Math.sin(n) * 1e9)), task, "x".repeat(120 + (n % 40)), n)
      .run();
  }
}

async function count(table: string): Promise<number> {
  return (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>("n")) ?? 0;
}

async function oldestOrders(limit: number): Promise<string[]> {
  const { results } = await env.DB.prepare("SELECT id FROM orders ORDER BY processed_at LIMIT ?1")
    .bind(limit)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

describe("on a full database", () => {
  it("five hundred orders are deleted, each with its trace", async () => {
    for (const id of await oldestOrders(500)) {
      const deleted = await deleteOrder(env, id, { by: "user:1", reason: "asked for by them" });
      expect(deleted).toBe("done");
    }
    expect(await count("deleted_orders")).toBe(500);
  });

  it("what has expired is deleted", async () => {
    await deleteExpiredKeys(env.DB, Date.now());
    await deleteExpired(env.DB, Date.now());
    await deleteOldNotifications(env.DB, Date.now());
    for (const table of ["idempotency_keys", "sign_in_attempts", "notifications"]) {
      expect(await count(table)).toBe(0);
    }
  });

  it("what docs/operations.md says makes room, and the pages kept free come back", async () => {
    const [id = ""] = await oldestOrders(1);
    await deleteOrder(env, id, { by: "user:1", reason: "asked for by them" });
    const [statement = ""] =
      /DELETE FROM tasks[^"]*/.exec(readProjectFile("docs/operations.md")) ?? [];
    const old = `tasks WHERE id < '${firstIdAt(MIDNIGHT)}'`;
    const kept = [
      `${old} AND status = 'PENDING'`,
      `tasks WHERE id >= '${firstIdAt(MIDNIGHT)}'`,
      "orders",
    ];
    const before = await Promise.all(kept.map(count));
    expect(Math.min(...before)).toBeGreaterThan(0);
    await env.DB.prepare(statement).run();
    expect(await Promise.all(kept.map(count))).toEqual(before);
    // A day begins to the minute.
    expect(await count(`${old} AND status = 'SUCCESS'`)).toBeLessThan(66);
    await keepBallast(env);
    expect(await count("ballast")).toBe(256);
  });
});
