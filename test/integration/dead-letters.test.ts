import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { consumeDeadLetters } from "../../src/tasks/dead-letters";
import { deliver, storeOrders, taskOf, testEnv } from "../support/engine";
import { faultyDatabase, strike } from "../support/faults";
import { anOrder } from "../support/orders";

async function giveUpOn(bodies: unknown[], tested: Env = env, ids?: string[]) {
  const batch = createMessageBatch(
    "pedidos-dead-letters",
    bodies.map((body, index) => ({
      id: ids?.[index] ?? crypto.randomUUID(),
      timestamp: new Date(),
      attempts: 101,
      body,
    })),
  );
  const ctx = createExecutionContext();
  await consumeDeadLetters(batch, tested);
  const result = await getQueueResult(batch, ctx);
  return { acked: result.explicitAcks.length, retried: result.retryMessages.length };
}

it("an open task whose message the platform gave up on fails as a dead letter", async () => {
  const [id = ""] = await storeOrders(env, [anOrder()]);
  expect(await giveUpOn([{ v: 1, task_id: id }])).toEqual({ acked: 1, retried: 0 });
  expect(await taskOf(id)).toMatchObject({ status: "FAILURE", error_code: "dead_letter" });
});

it("a task that has ended keeps its end", async () => {
  const [id = ""] = await storeOrders(env, [anOrder()]);
  await deliver([id], env);
  const before = await taskOf(id);
  await giveUpOn([
    { v: 1, task_id: id },
    { v: 1, task_id: id },
  ]);
  expect(await taskOf(id)).toEqual(before);
});

it("what was never ours, or has no task, is kept with its raw body, once per message", async () => {
  const bodies = ["<b>raw</b>", { v: 99, hello: 1 }, { v: 1, task_id: "gone" }];
  const ids = ["m1", "m2", "m3"];
  expect(await giveUpOn(bodies, env, ids)).toEqual({ acked: 3, retried: 0 });
  expect(await giveUpOn(bodies, env, ids)).toEqual({ acked: 3, retried: 0 });
  const { results } = await env.DB.prepare(
    "SELECT status, error_code, input ->> 'body' AS body FROM tasks WHERE name = 'system.message' ORDER BY body",
  ).all();
  const failed = { status: "FAILURE", error_code: "dead_letter" };
  expect(results).toEqual([
    { ...failed, body: "<b>raw</b>" },
    { ...failed, body: '{"v":1,"task_id":"gone"}' },
    { ...failed, body: '{"v":99,"hello":1}' },
  ]);
});

it("nothing is acked while the database does not answer", async () => {
  const [id = ""] = await storeOrders(env, [anOrder()]);
  const DB = faultyDatabase(strike("UPDATE tasks", "fails", 99));
  expect(await giveUpOn([{ v: 1, task_id: id }], testEnv({ DB }))).toEqual({
    acked: 0,
    retried: 1,
  });
  expect((await taskOf(id)).status).toBe("PENDING");
});
