import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { consumeDeadLetters } from "../../../src/tasks/running/dead-letters";
import { recover } from "../../../src/tasks/recovery/recover";
import { batchOf, bindingOf } from "../../platform/batch";
import { strictD1 } from "../../platform/d1";
import { StrictQueue } from "../../platform/queue";
import {
  deliver,
  lapseLeases,
  storeOrders,
  takeAndDie,
  taskOf,
  testEnv,
} from "../../support/engine";
import { faultyDatabase, strike } from "../../support/faults";
import { anOrder } from "../../support/orders";

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

it("an open task whose message the platform gave up on is sent again, and ends as any other", async () => {
  const queue = new StrictQueue();
  const tested = testEnv({ QUEUE_ORDERS: bindingOf(queue) });
  const [id = "", ...others] = await storeOrders(env, [anOrder(), anOrder()]);
  expect(await giveUpOn([{ v: 1, task_id: id }])).toEqual({ acked: 1, retried: 0 });
  expect(await taskOf(id)).toMatchObject({ status: "PENDING", attempts: 0, error_code: null });
  await recover(tested, Date.now());
  expect(queue.sent).toEqual([{ v: 1, task_id: id }]);
  await deliver([id, ...others], env);
  expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", attempts: 1 });
});

it("one that waits for its time is sent again when that comes, and no sooner", async () => {
  const queue = new StrictQueue();
  const tested = testEnv({ QUEUE_ORDERS: bindingOf(queue) });
  const [id = ""] = await storeOrders(env, [anOrder()]);
  const due = Date.now() + 50_000;
  await env.DB.prepare("UPDATE tasks SET status = 'RETRY', ready_at = ?2 WHERE id = ?1")
    .bind(id, due)
    .run();
  await giveUpOn([{ v: 1, task_id: id }]);
  await recover(tested, due - 1);
  expect(queue.sent).toEqual([]);
  await recover(tested, due);
  expect(queue.sent).toEqual([{ v: 1, task_id: id }]);
});

it("a message of a later version is its task's all the same", async () => {
  const [id = ""] = await storeOrders(env, [anOrder()]);
  expect(await giveUpOn([{ v: 99, task_id: id, more: 1 }])).toEqual({ acked: 1, retried: 0 });
  const row = await env.DB.prepare("SELECT status, sent_at FROM tasks WHERE id = ?")
    .bind(id)
    .first();
  expect(row).toEqual({ status: "PENDING", sent_at: null });
});

it("one that kills whatever runs it does not go round for ever: its third crash alone ends it", async () => {
  const queue = new StrictQueue();
  const tested = testEnv({ QUEUE_ORDERS: bindingOf(queue) });
  const [id = ""] = await storeOrders(env, [anOrder()]);
  let rounds = 0;
  for (; (await taskOf(id)).status !== "FAILURE" && rounds < 20; rounds++) {
    await giveUpOn([{ v: 1, task_id: id }]); // The task's message never gets any further.
    const { suspect } = (await env.DB.prepare("SELECT suspect FROM tasks WHERE id = ?")
      .bind(id)
      .first<{ suspect: number }>()) ?? { suspect: 0 };
    await takeAndDie([id], suspect === 1);
    await lapseLeases();
    await recover(tested, Date.now());
  }
  expect(rounds).toBe(3);
  expect((await taskOf(id)).error_code).toBe("worker_crashed");
});

it("waits an hour at most between looks at a database that does not answer, four days in all", async () => {
  const [id = ""] = await storeOrders(env, [anOrder()]);
  const DB = strictD1(env.DB, { fault: () => ({ error: "network lost" }) });
  let all = 0;
  for (let attempts = 0; attempts < 100; attempts++) {
    const message = { ...new StrictQueue().make({ v: 1, task_id: id }), attempts };
    const { batch, answers } = batchOf([message], "pedidos-dead-letters");
    await consumeDeadLetters(batch, testEnv({ DB }));
    const answer = answers.get(message.id);
    const { delayMs } = typeof answer === "object" ? answer : { delayMs: 0 };
    expect(delayMs).toBeLessThanOrEqual(3_600_000);
    all += delayMs;
  }
  expect(all).toBeGreaterThan(3.8 * 86_400_000);
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
