import { beforeEach, describe, expect, it } from "vitest";
import { deleteExpired } from "../../src/auth/queries";
import { keepBallast } from "../../src/db/ballast";
import { deleteOrder } from "../../src/orders/delete";
import { deleteExpiredKeys } from "../../src/tasks/expired-keys";
import { deleteOldNotifications } from "../../src/tasks/notifications";
import { openLimited } from "../support/full-sqlite.mjs";
import { fileVariables } from "../support/variables";

const PAGES = 800;
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

/** Stores orders and their ended tasks, in the order of time, until nothing more fits. */
async function fillUp(from = 0): Promise<void> {
  for (let n = from; ; n++) {
    const task = `01a2${String(n).padStart(28, "0")}`;
    await env.DB.prepare(
      `INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, ready_at, check_at, created_at)
       VALUES (?1, 'pedidos.procesar', 'pedidos', 'orders', 'SUCCESS', ?2, 3, 0, 0, 0)`,
    )
      .bind(task, "x".repeat(200 + (n % 50)))
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
      expect(await deleteOrder(env, id, { by: "user:1", reason: "asked for by them" })).toBe(true);
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

  it("deleting the tasks of old days makes room, and the pages kept free come back", async () => {
    const [id = ""] = await oldestOrders(1);
    await deleteOrder(env, id, { by: "user:1", reason: "asked for by them" });
    await env.DB.prepare("DELETE FROM ballast WHERE piece > 100").run();
    await expect(fillUp(1e6)).rejects.toThrow(FULL);
    await env.DB.prepare("DELETE FROM tasks WHERE id < ?1")
      .bind(`01a2${"1000000".padStart(28, "0")}`)
      .run();
    await keepBallast(env);
    expect(await count("ballast")).toBe(256);
  });
});
