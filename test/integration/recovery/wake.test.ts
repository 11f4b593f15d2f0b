/** Tasks wait for the same thing, and are woken once it is there. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { recover } from "../../../src/tasks/recovery/recover";
import { RECOVERY_NAME } from "../../../src/tasks/recovery/recovery-alarm";
import { wakeWaiting } from "../../../src/tasks/recovery/wake";
import { countingDatabase } from "../../support/counting";
import { deliver, storeOrders, takeAndDie, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";

const orders = (count: number) => Array.from({ length: count }, () => anOrder());
const CATALOGUE = { name: "pedidos.procesar", code: "catalogue_waiting" };
const HOUR = 3_600_000;

/**
 * Makes a queue that notes what is sent, and an alarm that notes when it is asked to look at once.
 */
function listening(overrides = {}) {
  const sent: string[] = [];
  const looks: number[] = [];
  const queue = {
    metrics: async () => ({ backlogCount: 0, backlogBytes: 0 }),
    sendBatch: async (messages: { body: { task_id: string } }[]) => {
      sent.push(...messages.map(({ body }) => body.task_id));
    },
  };
  const RECOVERY = {
    getByName: () => ({ arm: async () => {}, lookNow: async () => void looks.push(Date.now()) }),
  };
  return { sent, looks, tested: testEnv({ QUEUE_ORDERS: queue, RECOVERY, ...overrides }) };
}

/**
 * Makes rows wait as deferred ones do: a long wait has no message, a short one a delayed message.
 */
async function wait(ids: readonly string[], code: string, ms: number): Promise<void> {
  await env.DB.prepare(
    `UPDATE tasks SET status = 'RETRY', error_code = ?2, ready_at = ?3,
       sent_at = iif(?4, NULL, sent_at), check_at = ?3 + iif(?4, 0, 30000)
     WHERE id IN (SELECT value FROM json_each(?1))`,
  )
    .bind(JSON.stringify(ids), code, Date.now() + ms, ms > 60_000 ? 1 : 0)
    .run();
}

beforeEach(clearTasks);

describe("waking what waits for a reason", () => {
  it("makes all of it due, whatever its wait, and has it sent at once", async () => {
    const ids = await storeOrders(env, orders(6));
    await wait(ids.slice(0, 3), "catalogue_waiting", HOUR);
    await wait(ids.slice(3), "catalogue_waiting", 20_000);
    const { sent, looks, tested } = listening();
    expect(await wakeWaiting(tested, CATALOGUE)).toBe(6);
    expect(looks).toHaveLength(1);
    await recover(tested, Date.now());
    expect(sent.toSorted()).toEqual(ids);
    await deliver(ids, env);
    expect(await taskOf(ids[0])).toMatchObject({ status: "SUCCESS" });
  });

  it("lets lie what waits for another, has not run yet, or is held by a consumer", async () => {
    const [other = "", held = ""] = await storeOrders(env, orders(3)); // The third never ran.
    expect(await takeAndDie([held])).toBe(1);
    await wait([other], "order_held", HOUR);
    await wait([held], "catalogue_waiting", HOUR);
    const before = await env.DB.prepare("SELECT * FROM tasks ORDER BY id").all();
    const { looks, tested } = listening();
    expect(await wakeWaiting(tested, CATALOGUE)).toBe(0);
    expect(looks).toEqual([]);
    expect((await env.DB.prepare("SELECT * FROM tasks ORDER BY id").all()).results).toEqual(
      before.results,
    );
  });

  it("wakes thousands in few statements, each once however often it is called", async () => {
    const ids = [];
    for (let request = 0; request < 3; request += 1) {
      ids.push(...(await storeOrders(env, orders(1000))));
    }
    await wait(ids, "catalogue_waiting", HOUR);
    const { DB, counts } = countingDatabase();
    const { tested } = listening({ DB });
    expect(await wakeWaiting(tested, CATALOGUE)).toBe(3000);
    expect(counts.calls).toBeLessThanOrEqual(9);
    expect(await wakeWaiting(tested, CATALOGUE)).toBe(0);
  });

  it("pulls in an alarm that was set for later", async () => {
    const recovery = env.RECOVERY.getByName(RECOVERY_NAME);
    const alarmAt = () => runInDurableObject(recovery, (_, { storage }) => storage.getAlarm());
    await runInDurableObject(recovery, (_, { storage }) => storage.setAlarm(Date.now() + HOUR));
    await runInDurableObject(recovery, (object) => object.lookNow());
    expect((await alarmAt()) ?? 0).toBeLessThanOrEqual(Date.now() + 1000);
  });
});
