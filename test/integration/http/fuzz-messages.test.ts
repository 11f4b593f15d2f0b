/** The queues may deliver anything. The support file says what FUZZ_RUNS and FUZZ_SEED do. */
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import worker from "../../../src/index";
import { taskId } from "../../../src/lib/ids";
import { anyJson, hostileText } from "../../support/arbitraries";
import { storeOrders } from "../../support/engine";
import { FUZZ_RUNS, MESSAGES, share } from "../../support/fuzz-settings";
import { seedLease, seedTasks } from "../../support/api-rows";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";

const DEAD = "pedidos-dead-letters";
const QUEUES = ["pedidos-orders", "pedidos-tasks", DEAD];
const BATCH = 20;
/** A batch has this many messages, a little less than on average. */
const USUAL = 8;
const LOTE = "019aa000-0000-7000-8000-00000000";
const FINAL = ["SUCCESS", "FAILURE", "REVOKED"] as const;
const held = taskId(LOTE, 3);

/** The known ids are of a task in each final state, one that somebody runs, and one to be run. */
let known: string[] = [];

beforeEach(async () => {
  await clearTasks();
  await seedTasks(LOTE, [...FINAL, "PENDING"]);
  await seedLease("another", [held]);
  known = [0, 1, 2, 3].map((sequence) => taskId(LOTE, sequence));
  known.push(...(await storeOrders(env, [anOrder()])));
});

/**
 * Strangers are the bodies that a producer of any kind may send: JSON, and what only a structured
 * clone carries.
 */
const stranger = fc.oneof(
  anyJson,
  hostileText,
  fc.date({ noInvalidDate: false }),
  fc.bigInt(),
  fc.uint8Array({ maxLength: 50 }),
  fc.constantFrom(
    undefined,
    null,
    new Map([["v", 1]]),
    new Set([1]),
    /x/,
    new Error("x"),
    Number.NaN,
  ),
);

/**
 * These bodies have the members of the system's own messages, right or wrong; `place` picks one of
 * the known ids.
 */
const ours = fc.record(
  {
    v: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.double(), anyJson),
    task_id: fc.oneof(
      { weight: 5, arbitrary: fc.nat({ max: 4 }).map((place) => ({ place })) },
      hostileText.map((text) => text.slice(0, 5000)),
      anyJson,
    ),
    __proto__: anyJson,
    extra: anyJson,
  },
  { requiredKeys: [] },
);

const body = fc.oneof(stranger, ours, ours);

function withIds(message: unknown): unknown {
  const id = (message as { task_id?: { place?: number } } | null | undefined)?.task_id;
  return typeof id === "object" && id !== null && typeof id.place === "number"
    ? { ...(message as object), task_id: known[id.place] }
    : message;
}

let serial = 0;

async function deliver(queue: string, bodies: readonly unknown[]) {
  const messages = bodies.map((each) => ({
    id: `message-${++serial}`,
    timestamp: new Date(),
    attempts: 1,
    body: each,
  }));
  const batch = createMessageBatch(queue, messages);
  const ctx = createExecutionContext();
  await worker.queue(batch, env);
  const { outcome, explicitAcks, retryMessages } = await getQueueResult(batch, ctx);
  return { outcome, acked: explicitAcks.length, retried: retryMessages.map(({ msgId }) => msgId) };
}

async function finals(): Promise<unknown> {
  const { results } = await env.DB.prepare(
    "SELECT * FROM tasks WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
  )
    .bind(taskId(LOTE, 0), held)
    .all();
  return results;
}

const isNewer = (message: unknown) => {
  const { v } = (message ?? {}) as { v?: unknown };
  return typeof message === "object" && typeof v === "number" && v > 1;
};

/**
 * Tells whether a message has the shape of the system's own. A dead letter, of any version, must
 * also name a task that is there.
 */
function isOurs(message: unknown, queue: string): boolean {
  const { v, task_id: id } = (message ?? {}) as { v?: unknown; task_id?: unknown };
  const version = v === 1 || (queue === DEAD && isNewer(message));
  const shaped = typeof message === "object" && version && typeof id === "string" && id !== "";
  return shaped && (queue !== DEAD || known.includes(id));
}

/** Counts the messages that were kept as failures and can be seen. */
async function kept(): Promise<number> {
  const count = env.DB.prepare("SELECT count(*) AS n FROM tasks WHERE name = 'system.message'");
  return (await count.first<number>("n")) ?? 0;
}

describe.each(QUEUES)("%s", (queue) => {
  it(
    "answers every message, and lets none touch what has ended or is run",
    { timeout: 300_000 },
    async () => {
      let delivered = 0;
      const property = fc.asyncProperty(
        fc.array(body, { minLength: 1, maxLength: BATCH, size: "max" }),
        async (bodies) => {
          delivered += bodies.length;
          const before = await finals();
          const keptBefore = await kept();
          const sent = bodies.map(withIds);
          const { outcome, acked, retried } = await deliver(queue, sent);
          expect(outcome).toBe("ok");
          expect(acked + retried.length).toBe(bodies.length);
          // Only what a later deployment understands is put off, and only what is the system's own
          // is not kept.
          const newer = queue === DEAD ? 0 : sent.filter(isNewer).length;
          expect(retried.length).toBe(newer);
          const strangers = sent.filter((message) => !isOurs(message, queue)).length - newer;
          expect(await kept()).toBe(keptBefore + strangers);
          expect(await finals()).toEqual(before);
        },
      );
      const wanted = (FUZZ_RUNS * MESSAGES) / QUEUES.length;
      await fc.assert(property, share(wanted / USUAL, queue.length));
      expect(delivered).toBeGreaterThanOrEqual(wanted);
      console.log(`${delivered} messages to ${queue}`);
    },
  );
});
