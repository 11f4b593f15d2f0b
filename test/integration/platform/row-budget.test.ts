import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createKey } from "../../../src/auth/keys/keys";
import { database } from "../../../src/db/client";
import worker from "../../../src/index";
import { actOn } from "../../../src/tasks/commands/actions";
import type { Outcome, RunningTask } from "../../../src/tasks/model/define";
import { Engine } from "../../../src/tasks/model/engine";
import { countingDatabase, type Counts } from "../../support/counting";
import { deliver, storeTasks, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { aDefinition } from "../../support/tasks";

const ORDERS = 1000;
const BATCH = 100;

/**
 * Counts everything that an order costs in D1: the request, the consumer, and what lies between.
 */
async function measure(perRequest: number, perBatch: number, atOnce = 1) {
  const { DB, counts } = countingDatabase();
  const sent: string[] = [];
  const queue = {
    metrics: async () => ({ backlogCount: 0, backlogBytes: 0 }),
    sendBatch: async (messages: { body: { task_id: string } }[]) => {
      sent.push(...messages.map(({ body }) => body.task_id));
    },
  };
  const tested = testEnv({ DB, QUEUE_ORDERS: queue });
  const { key } = await createKey(
    database(env),
    { name: "rows", scopes: ["orders:write"], expiresInDays: undefined, createdBy: "test" },
    new Date(),
  );
  const post = async () => {
    const body = JSON.stringify(Array.from({ length: perRequest }, () => anOrder()));
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const request = new Request("http://site.test/api/pedidos", { method: "POST", headers, body });
    const ctx = createExecutionContext();
    const response = await worker.fetch(request, tested, ctx);
    await waitOnExecutionContext(ctx);
    expect(response.status).toBe(202);
  };
  for (let start = 0; start < ORDERS; start += perRequest * atOnce) {
    await Promise.all(Array.from({ length: atOnce }, post));
  }
  for (let start = 0; start < sent.length; start += perBatch) {
    await deliver(sent.slice(start, start + perBatch), tested);
  }
  const stored = await env.DB.prepare(
    "SELECT count(*) AS n FROM orders WHERE task_id IN (SELECT value FROM json_each(?))",
  )
    .bind(JSON.stringify(sent))
    .first<{ n: number }>();
  expect(stored?.n).toBe(ORDERS);
  return { written: counts.rowsWritten / ORDERS, read: counts.rowsRead / ORDERS, ...counts };
}

describe("rows written in D1 per successful order", () => {
  it("are at most 7.2 for 1,000 orders in one request", async () => {
    const { written, read, calls } = await measure(ORDERS, BATCH);
    console.log(
      `rows per order, 1,000 in one POST: ${written} written, ${read} read; ${calls} D1 calls`,
    );
    expect(written).toBeLessThanOrEqual(7.2);
    expect(calls).toBeLessThanOrEqual(40);
  });

  it("are known for orders sent and processed one by one", { timeout: 120_000 }, async () => {
    const { written, read } = await measure(1, 1);
    console.log(`rows per order, 1,000 one by one: ${written} written, ${read} read`);
    expect(written).toBeLessThanOrEqual(11.1);
  });

  it("are hardly more than in one request for orders sent one by one, many at a time", async () => {
    const { written, read, calls } = await measure(1, BATCH, 50);
    console.log(
      `rows per order, 1,000 one by one, 50 at a time, processed in batches: ` +
        `${written} written, ${read} read; ${calls} D1 calls`,
    );
    expect(written).toBeLessThanOrEqual(7.5);
    expect(calls).toBeLessThanOrEqual(ORDERS / 2);
  });
});

/**
 * Runs one task of the test's own, whose messages go nowhere; `act` sees what was counted so far.
 */
async function costOfRun(
  act: (task: RunningTask<unknown>, counts: Counts) => Promise<Outcome>,
  notify = {},
): Promise<Counts> {
  const { DB, counts } = countingDatabase();
  const definition = aDefinition({
    name: "test.cost",
    queue: "orders",
    timeoutMs: 60_000,
    run: (task) => act(task, counts),
  });
  const [id = ""] = await storeTasks(env, definition, [{}]);
  await env.DB.prepare("UPDATE tasks SET user = 'key:rows', notify = ? WHERE id = ?")
    .bind(Object.keys(notify).length > 0 ? JSON.stringify(notify) : null, id)
    .run();
  const tested = testEnv({ DB, QUEUE_ORDERS: { sendBatch: async () => undefined } });
  await deliver([id], tested, new Engine([definition]));
  return { ...counts };
}

describe("rows written in D1", () => {
  it("are one for a progress update", async () => {
    let written = -1;
    await costOfRun(async (task, counts) => {
      const before = counts.rowsWritten;
      await task.progress(50, "half way", 2);
      written = counts.rowsWritten - before;
      return { kind: "done" };
    });
    console.log(`rows written by a progress update: ${written}`);
    expect(written).toBe(1);
  });

  it("are at most three for the cancel of a task that waits", async () => {
    const { DB, counts } = countingDatabase();
    const definition = aDefinition({ name: "test.cost", queue: "orders" });
    const [id = ""] = await storeTasks(env, definition, [{}]);
    const tested = testEnv({ DB });
    await actOn(tested, new Engine([definition]), "cancel", id, { by: "user:rows" });
    expect((await taskOf(id)).status).toBe("REVOKED");
    console.log(`rows written by the cancel of a waiting task: ${counts.rowsWritten}`);
    console.log(`rows read by it: ${counts.rowsRead}, D1 calls: ${counts.calls}`);
    expect(counts.rowsWritten).toBeLessThanOrEqual(3);
    expect(counts.calls).toBeLessThanOrEqual(2);
  });

  it("are at most five for a slice, its lease included", async () => {
    const { rowsWritten, calls } = await costOfRun(async () => ({
      kind: "continue",
      checkpoint: { page: 2 },
    }));
    console.log(`rows written by a slice: ${rowsWritten}, D1 calls: ${calls}`);
    expect(rowsWritten).toBeLessThanOrEqual(5);
    expect(calls).toBeLessThanOrEqual(2);
  });

  it("are at most four more for a notification, and no more D1 calls", async () => {
    const done = async (): Promise<Outcome> => ({ kind: "done" });
    await costOfRun(done); // Both runs that are compared find their minute's row after this one.
    const without = await costOfRun(done);
    const first = await costOfRun(done, { complete: true });
    const folded = await costOfRun(done, { complete: true });
    const { results } = await env.DB.prepare(
      "SELECT count FROM notifications WHERE user = 'key:rows'",
    ).all();
    expect(results).toEqual([{ count: 2 }]);
    const [made, more] = [first, folded].map((one) => one.rowsWritten - without.rowsWritten);
    console.log(`rows written by a notification: ${made}; folded into one unread: ${more}`);
    expect(made).toBeLessThanOrEqual(4);
    expect(more).toBeLessThanOrEqual(3);
    expect(folded.calls).toBe(without.calls);
  });
});
