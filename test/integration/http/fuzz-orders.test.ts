/**
 * Orders with one thing broken are followed from the request to their end. The support file says
 * what FUZZ_RUNS and FUZZ_SEED do.
 */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { batchRange } from "../../../src/lib/ids";
import { nearlyAnOrder, validOrder } from "../../support/arbitraries";
import { call, masterKey, ORIGIN } from "../../support/api";
import { type Accepted, JSON_TYPE, NDJSON_TYPE, post } from "../../support/api-orders";
import { answered, assertDecent } from "../../support/decent-answer";
import { deafQueue, deliver, testEnv } from "../../support/engine";
import { FUZZ_RUNS, ORDERS, share } from "../../support/fuzz-settings";
import { asBytes, broken } from "../../support/hostile-json";

const REQUEST = 20;
/** A request has this many orders, a little less than on average. */
const USUAL = 8;
const own = testEnv({ QUEUE_ORDERS: deafQueue });

const order = fc.oneof(
  validOrder.map((each) => JSON.stringify(each)),
  broken(validOrder),
  broken(validOrder),
  broken(nearlyAnOrder),
);
const orders = fc.array(order, { minLength: 1, maxLength: REQUEST, size: "max" });
const request = fc
  .record({ each: orders, type: fc.constantFrom(JSON_TYPE, NDJSON_TYPE) })
  .chain(({ each, type }) => {
    const text = type === JSON_TYPE ? `[${each.join()}]` : each.join("\n");
    return asBytes(fc.constant(text)).map((bytes) => ({ type, bytes, count: each.length }));
  });

/** Delivers a batch's messages until nothing of it is open, as waits pass. */
async function settle(lote: string): Promise<void> {
  const range = batchRange(lote);
  const open = env.DB.prepare(
    "SELECT id FROM tasks WHERE id BETWEEN ? AND ? AND status IN ('PENDING', 'RETRY')",
  ).bind(...range);
  for (let round = 0; ; round += 1) {
    const { results } = await open.all<{ id: string }>();
    if (results.length === 0) {
      return;
    }
    expect(round, "orders that never end").toBeLessThan(5);
    await env.DB.prepare("UPDATE tasks SET ready_at = 0 WHERE id BETWEEN ? AND ?")
      .bind(...range)
      .run();
    await deliver(
      results.map(({ id }) => id),
      own,
    );
  }
}

it(
  "brings every order that was accepted to an end that can be shown",
  { timeout: 300_000 },
  async () => {
    const key = await masterKey();
    let sent = 0;
    let accepted = 0;
    const property = fc.asyncProperty(request, async ({ type, bytes, count }) => {
      sent += count;
      const response = await answered(post(bytes, type, { key, env: { QUEUE_ORDERS: deafQueue } }));
      if (response.status !== 202) {
        expect(response.status).toBeLessThan(500);
        await assertDecent(response, "/api/pedidos", "POST");
        return;
      }
      const { lote, aceptados, tareas } = await response.json<Accepted>();
      expect(tareas).toHaveLength(aceptados);
      accepted += aceptados;
      await settle(lote);
      const list = await call(`/api/tasks/executions/?lote=${lote}&limit=200`, { key });
      const { results } = await list.json<{ results: { status: string }[] }>();
      expect(results).toHaveLength(aceptados);
      expect(results.filter(({ status }) => !/^(SUCCESS|FAILURE)$/.test(status))).toEqual([]);
      const page = await call(`${ORIGIN}/pedidos/lotes/${lote}`, { key });
      expect(page.status).toBe(200);
      await page.body?.cancel();
    });
    await fc.assert(property, share((FUZZ_RUNS * ORDERS) / USUAL));
    expect(sent).toBeGreaterThanOrEqual(FUZZ_RUNS * ORDERS);
    expect(accepted).toBeGreaterThan(sent / 10);
    console.log(`${sent} orders, ${accepted} of them accepted`);
  },
);
