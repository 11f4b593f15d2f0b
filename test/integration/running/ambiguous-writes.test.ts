/** D1 committed what a person did, but reported it failed: the repeat says that it is done. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { deleteOrder } from "../../../src/orders/delete";
import { actOn } from "../../../src/tasks/commands/actions";
import type { Action } from "../../../src/tasks/commands/doable";
import { pauseQueue, resumeQueue } from "../../../src/tasks/commands/pause-queue";
import { replayTask } from "../../../src/tasks/commands/replay";
import { getTask } from "../../../src/tasks/model/queries";
import { saveTemplate } from "../../../src/tasks/templates/templates";
import { startTracking } from "../../../src/tasks/tracked/tracked";
import { finishTracking, reportProgress } from "../../../src/tasks/tracked/tracked-reports";
import { createKey } from "../../../src/auth/keys/keys";
import { database } from "../../../src/db/client";
import { type D1Call, strictD1 } from "../../platform/d1";
import { seedOrders } from "../../support/api-rows";
import {
  deafQueue,
  deliver,
  orderEngine,
  storeOrders,
  taskOf,
  testEnv,
} from "../../support/engine";
import { anOrder } from "../../support/orders";
import { grantedOf, refusalOf } from "../../support/result";

const BY = "user:someone";

/**
 * Makes the first call with this SQL commit and be reported failed; with `always`, every such call.
 */
function struck(text: string, always = false): Env {
  let left = always ? Infinity : 1;
  const fault = ({ sql }: D1Call) => {
    const strikes = sql.includes(text) && left > 0;
    left -= strikes ? 1 : 0;
    return strikes ? { error: "network lost" as const, committed: !always } : null;
  };
  return testEnv({ DB: strictD1(env.DB, { fault }), QUEUE_ORDERS: deafQueue });
}

const failed = async () => {
  const [id = ""] = await storeOrders(env, [anOrder({ productos: [] })]);
  await deliver([id], env);
  return id;
};
const waiting = async () => (await storeOrders(env, [anOrder()]))[0] ?? "";

describe("an action on a task", () => {
  it.each<[Action, string, () => Promise<string>, object]>([
    ["cancel", "SET status = 'REVOKED'", waiting, { status: "REVOKED" }],
    ["retry", "SET status = 'PENDING'", failed, { status: "PENDING", attempts: 0 }],
    ["discard", "SET discard_reason", failed, { discard_reason: "seen" }],
  ])("%s", async (action, text, make, expected) => {
    const id = await make();
    const actor = { by: BY, reason: "seen" };
    expect(await actOn(struck(text), orderEngine, action, id, actor)).toBe("done");
    const task = await taskOf(id);
    expect(task).toMatchObject(expected);
    expect(task.timeline?.match(/resumed|discarded/g)?.length ?? 0).toBe(
      action === "cancel" ? 0 : 1,
    );
    // What somebody else did before is not taken for one's own.
    const again = await actOn(struck(text), orderEngine, action, id, { by: "user:other" });
    expect(refusalOf(again)).toEqual({ kind: "wrong_state", status: task.status });
  });
});

it("the deletion of an order", async () => {
  const id = `ambiguous-${crypto.randomUUID()}`;
  await seedOrders([{ id, processedAt: Date.now() }]);
  const deletion = { by: BY, reason: "because" };
  expect(await deleteOrder(struck("DELETE FROM orders"), id, deletion)).toBe("done");
  expect(refusalOf(await deleteOrder(testEnv(), id, deletion))).toEqual({ kind: "no_order", id });
});

it("a pause, and its end", async () => {
  const pause = { queue: "orders", since: Date.now(), by: BY, reason: "because" };
  expect(await pauseQueue(struck("INSERT INTO paused_queues"), pause)).toBe(true);
  expect(await pauseQueue(testEnv(), { ...pause, since: pause.since + 1 })).toBe(false);
  expect(await resumeQueue(struck("DELETE FROM paused_queues"), "orders")).toBe(true);
  expect(await resumeQueue(testEnv(), "orders")).toBe(false);
});

it("a new template, which is not taken for one that was there", async () => {
  const template = {
    name: `t-${crypto.randomUUID()}`,
    taskName: "pedidos.procesar",
    module: "",
    description: "",
    defaults: {},
    timeoutSeconds: null,
    maxRetries: null,
    estimatedSeconds: 60,
    steps: [],
    notify: {},
    active: true,
  };
  const made = await saveTemplate(struck("INTO task_templates").DB, template);
  expect(made.updatedAt).toBe(made.createdAt);
  const changed = await saveTemplate(env.DB, { ...template, description: "other" });
  expect(changed.updatedAt).toBeGreaterThan(changed.createdAt);
});

it("an API key, which is stored once", async () => {
  const input = { name: "ambiguous", scopes: [], createdBy: BY };
  const { id } = await createKey(database(struck("api_keys")), input, new Date());
  const stored = env.DB.prepare("SELECT count(*) AS n FROM api_keys WHERE id = ?").bind(id);
  expect(await stored.first<number>("n")).toBe(1);
});

it("tracked work: its start, a report, its end", async () => {
  const work = {
    externalId: `ambiguous ${crypto.randomUUID()}`,
    name: "night",
    module: "elsewhere",
    description: "",
    user: null,
    timeoutMs: 60_000,
    context: "{}",
  };
  const started = await startTracking(struck("INSERT INTO tasks"), work);
  expect(started).toMatchObject({ created: true });
  const { task } = grantedOf(started);
  expect(await reportProgress(struck("UPDATE tasks"), task, { percent: 5 })).toBe("done");
  const success = { status: "SUCCESS", result: 1 } as const;
  expect(await finishTracking(struck("UPDATE tasks"), task, success)).toBe("done");
  expect((await taskOf(task.id)).timeline).toBeNull(); // No report came late.
  const again = await finishTracking(testEnv(), task, success);
  expect(refusalOf(again)).toEqual({ kind: "wrong_state", status: "SUCCESS" });
});

it("a replay whose copy runs already is one, though the failure cannot be discarded", async () => {
  const id = await failed();
  const task = await getTask(env.DB, id);
  const definition = orderEngine.find("pedidos.procesar");
  if (!task || !definition) {
    throw new Error("no task to replay");
  }
  const own = struck("SET discard_reason", true);
  const replayed = await replayTask(own, orderEngine, { task, definition }, anOrder(), BY);
  expect(replayed).toHaveProperty("taskId");
});
