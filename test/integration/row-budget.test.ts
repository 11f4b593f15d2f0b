import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createKey } from "../../src/auth/keys";
import { database } from "../../src/db/client";
import worker from "../../src/index";
import { countingDatabase } from "../support/counting";
import { deliver, testEnv } from "../support/engine";
import { anOrder } from "../support/orders";

const ORDERS = 1000;
const BATCH = 100;

/** Counts everything an order costs in D1: the request, the consumer, and what lies between. */
async function measure(perRequest: number, perBatch: number) {
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
  for (let start = 0; start < ORDERS; start += perRequest) {
    const body = JSON.stringify(Array.from({ length: perRequest }, () => anOrder()));
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const request = new Request("http://site.test/api/pedidos", { method: "POST", headers, body });
    const ctx = createExecutionContext();
    const response = await worker.fetch(request, tested, ctx);
    await waitOnExecutionContext(ctx);
    expect(response.status).toBe(202);
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

  it("are known for orders sent and processed one by one", async () => {
    const { written, read } = await measure(1, 1);
    console.log(`rows per order, 1,000 one by one: ${written} written, ${read} read`);
    expect(written).toBeLessThanOrEqual(11.1);
  });
});
