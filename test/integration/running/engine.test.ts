import { sql } from "../../../src/db/sql";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { BatchTask, Outcome, SingleTask, Task } from "../../../src/tasks/model/define";
import { actOn } from "../../../src/tasks/commands/actions";
import { claim } from "../../../src/tasks/running/claim";
import { Engine } from "../../../src/tasks/model/engine";
import { recover } from "../../../src/tasks/recovery/recover";
import { door } from "../../support/door";
import { deliver, deliverBodies, lapseLeases, passWaits, takeAndDie } from "../../support/engine";
import { storeTasks, taskOf, testEnv } from "../../support/engine";

type Act = (task: Task<unknown>) => Outcome | Promise<Outcome>;

const base = {
  module: "test",
  description: "",
  queue: "orders",
  input: z.unknown(),
  retry: () => ({ attempts: 3, baseMs: 10_000, maxMs: 300_000 }),
  deferral: { baseMs: 10_000, maxMs: 300_000 },
  timeoutMs: 60_000,
  startedBy: null,
} as const;

function singleTask(run: Act, overrides: Partial<SingleTask> = {}): [SingleTask, Engine] {
  const name = `test.${crypto.randomUUID()}`;
  const definition: SingleTask = {
    ...base,
    kind: "single",
    name,
    run: async (task) => run(task),
    ...overrides,
  };
  return [definition, new Engine([definition])];
}

function batchTask(act: Act): [BatchTask, Engine, Task<unknown>[][]] {
  const batches: Task<unknown>[][] = [];
  const definition: BatchTask = {
    ...base,
    kind: "batch",
    name: `test.${crypto.randomUUID()}`,
    runBatch: async (tasks) => {
      batches.push(tasks);
      const outcomes = new Map<string, Outcome>();
      for (const task of tasks) {
        outcomes.set(task.id, await act(task));
      }
      return { outcomes, stored: new Map() };
    },
  };
  return [definition, new Engine([definition]), batches];
}

const done = (): Outcome => ({ kind: "done", result: { ok: true } });
const reason = { code: "because", message: "It had to be" };
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

async function openTasks(ids: string[]) {
  const leases = await env.DB.prepare("SELECT task_ids FROM leases").all<{ task_ids: string }>();
  return leases.results.filter(({ task_ids }) => ids.some((id) => task_ids.includes(id)));
}

describe("outcomes", () => {
  it("done: SUCCESS with its result, acked, no lease left", async () => {
    const [definition, engine] = singleTask(done);
    const ids = await storeTasks(env, definition, [1]);
    expect(await deliver(ids, env, engine)).toEqual({ acked: ids, retried: [] });
    const task = await taskOf(ids[0]);
    expect(task).toMatchObject({ status: "SUCCESS", attempts: 1, running: null });
    expect(JSON.parse(task.result ?? "")).toEqual({ ok: true });
    expect(await openTasks(ids)).toEqual([]);
  });

  it("reject: FAILURE at once", async () => {
    const [definition, engine] = singleTask(() => ({ kind: "reject", reason }));
    const ids = await storeTasks(env, definition, [1]);
    await deliver(ids, env, engine);
    expect(await taskOf(ids[0])).toMatchObject({
      status: "FAILURE",
      attempts: 1,
      error_code: "because",
      error_message: "It had to be",
    });
  });

  it("retry: waits with growing delays, then succeeds; its history says so", async () => {
    const [definition, engine] = singleTask(({ attempt }) =>
      attempt < 3 ? { kind: "retry", reason } : done(),
    );
    const ids = await storeTasks(env, definition, [1]);
    const before = Date.now();
    expect(await deliver(ids, env, engine)).toEqual({ acked: [], retried: ids });
    const row = await env.DB.prepare("SELECT ready_at FROM tasks WHERE id = ?")
      .bind(ids[0])
      .first<{ ready_at: number }>();
    expect(row?.ready_at).toBeGreaterThanOrEqual(before + 10_000);
    await passWaits(ids);
    await deliver(ids, env, engine);
    await passWaits(ids);
    await deliver(ids, env, engine);
    const task = await taskOf(ids[0]);
    expect(task).toMatchObject({ status: "SUCCESS", attempts: 3, error_code: null });
    const events = (JSON.parse(task.timeline ?? "") as { event: string }[]).map((e) => e.event);
    expect(events).toEqual(["started", "retry", "started", "retry", "started"]);
  });

  it("retry: FAILURE with the last reason when attempts are used up", async () => {
    const [definition, engine] = singleTask(() => ({ kind: "retry", reason }));
    const ids = await storeTasks(env, definition, [1]);
    for (const _ of range(3)) {
      await passWaits(ids);
      await deliver(ids, env, engine);
    }
    expect(await taskOf(ids[0])).toMatchObject({
      status: "FAILURE",
      attempts: 3,
      error_code: "because",
    });
  });

  it("defer: gives the attempt back, however often", async () => {
    const [definition, engine] = singleTask(({ deferrals }) =>
      deferrals < 6 ? { kind: "defer", reason } : done(),
    );
    const ids = await storeTasks(env, definition, [1]);
    for (const _ of range(7)) {
      await passWaits(ids);
      await deliver(ids, env, engine);
    }
    expect(await taskOf(ids[0])).toMatchObject({ status: "SUCCESS", attempts: 1 });
  });

  it("a wait of over a minute is acked and left to recovery", async () => {
    const [definition, engine] = singleTask(() => ({ kind: "defer", reason, delayMs: 60_001 }));
    const ids = await storeTasks(env, definition, [1]);
    expect(await deliver(ids, env, engine)).toEqual({ acked: ids, retried: [] });
    const row = await env.DB.prepare(
      "SELECT sent_at, ready_at = check_at AS due FROM tasks WHERE id = ?",
    )
      .bind(ids[0])
      .first();
    expect(row).toEqual({ sent_at: null, due: 1 });
  });

  it("continue: the next slice starts from the checkpoint, by a message of its own", async () => {
    const [definition, engine] = singleTask(({ checkpoint }) =>
      checkpoint === null
        ? { kind: "continue", checkpoint: { at: 500 } }
        : { kind: "done", result: checkpoint },
    );
    const ids = await storeTasks(env, definition, [1]);
    const sent: unknown[] = [];
    const queue = { sendBatch: async (messages: unknown[]) => void sent.push(...messages) };
    const tested = testEnv({ QUEUE_ORDERS: queue });
    await deliver(ids, tested, engine);
    expect(sent).toEqual([{ body: { v: 1, task_id: ids[0] } }]);
    expect(await taskOf(ids[0])).toMatchObject({ status: "PENDING", attempts: 0 });
    await deliver(ids, tested, engine);
    const task = await taskOf(ids[0]);
    expect(task).toMatchObject({ status: "SUCCESS", attempts: 1 });
    expect(JSON.parse(task.result ?? "")).toEqual({ at: 500 });
  });

  it("a throw is a retry recorded as a crash of that task", async () => {
    const [definition, engine] = singleTask(() => {
      throw new Error("boom");
    });
    const ids = await storeTasks(env, definition, [1]);
    await deliver(ids, env, engine);
    expect(await taskOf(ids[0])).toMatchObject({
      status: "RETRY",
      attempts: 1,
      error_code: "crashed",
      error_message: "boom",
    });
  });

  it("a task that outlasts its timeout is aborted and retried", async () => {
    let aborted = false;
    const [definition, engine] = singleTask(done, {
      timeoutMs: 30,
      run: (_task, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            resolve(done());
          });
        }),
    });
    const ids = await storeTasks(env, definition, [1]);
    await deliver(ids, env, engine);
    expect(aborted).toBe(true);
    expect(await taskOf(ids[0])).toMatchObject({ status: "RETRY", error_code: "timeout" });
  });

  it("input its definition refuses is a failure, not a crash", async () => {
    const [definition, engine] = singleTask(done, {
      input: z.object({ amount: z.number().positive("must be positive") }),
    });
    const ids = await storeTasks(env, definition, [{ amount: -1 }]);
    await deliver(ids, env, engine);
    expect(await taskOf(ids[0])).toMatchObject({
      status: "FAILURE",
      error_code: "invalid_input",
      error_message: "amount: must be positive",
    });
  });

  it.each([
    ["a field", { action: "retry", newer: true }],
    ["a value", { action: "archive" }],
  ])(
    "input with %s that only a newer version knows waits for that, and then fails",
    async (_, input) => {
      const [definition, engine] = singleTask(done, {
        input: z.strictObject({ action: z.enum(["retry", "cancel"]) }),
      });
      const ids = await storeTasks(env, definition, [input]);
      await deliver(ids, env, engine);
      expect(await taskOf(ids[0])).toMatchObject({
        status: "RETRY",
        attempts: 0,
        error_code: "invalid_input",
      });
      const newer = new Engine([{ ...definition, input: z.unknown() }]);
      await passWaits(ids);
      await deliver(ids, env, newer);
      expect(await taskOf(ids[0])).toMatchObject({ status: "SUCCESS" });

      const others = await storeTasks(env, definition, [input]);
      await env.DB.prepare("UPDATE tasks SET created_at = 0 WHERE id = ?").bind(others[0]).run();
      await deliver(others, env, engine);
      expect(await taskOf(others[0])).toMatchObject({ status: "RETRY", attempts: 0 });
      await longAgoStarted(others);
      await deliver(others, env, engine);
      expect(await taskOf(others[0])).toMatchObject({
        status: "FAILURE",
        error_code: "invalid_input",
      });
    },
  );

  it("a result too large to keep is a failure that says so", async () => {
    const [definition, engine] = singleTask(() => ({ kind: "done", result: "x".repeat(70_000) }));
    const ids = await storeTasks(env, definition, [1]);
    await deliver(ids, env, engine);
    expect(await taskOf(ids[0])).toMatchObject({
      status: "FAILURE",
      error_code: "result_too_large",
    });
  });

  it("a name nobody defines waits for the deployment that does, and then fails", async () => {
    const [definition] = singleTask(done);
    const ids = await storeTasks(env, definition, [1]);
    // A task may have been delayed for longer than its definition is waited for.
    await env.DB.prepare("UPDATE tasks SET created_at = 0 WHERE id = ?").bind(ids[0]).run();
    await deliver(ids, env, new Engine([]));
    expect(await taskOf(ids[0])).toMatchObject({ status: "RETRY", error_code: "unknown_task" });
    await longAgoStarted(ids);
    await deliver(ids, env, new Engine([]));
    expect(await taskOf(ids[0])).toMatchObject({ status: "FAILURE", error_code: "unknown_task" });
  });
});

async function longAgoStarted(ids: readonly string[]): Promise<void> {
  await env.DB.prepare("UPDATE tasks SET started_at = 1 WHERE id = ?").bind(ids[0]).run();
  await passWaits(ids);
}

describe("a handler that answers what is no outcome", () => {
  it.each([
    ["nothing", undefined],
    ["null", null],
    ["an unknown kind", { kind: "oops" }],
    ["no reason", { kind: "retry" }],
    ["a reason without words", { kind: "reject", reason: { code: "a" } }],
    ["a delay that is none", { kind: "defer", delayMs: Number.NaN, reason }],
    ["what JSON cannot hold", { kind: "done", result: 1n }],
  ])("has crashed, and costs its neighbour nothing: %s", async (_name, answer) => {
    const [bad] = singleTask(() => answer as Outcome);
    const [good] = singleTask(done);
    const engine = new Engine([bad, good]);
    const [badId = ""] = await storeTasks(env, bad, [1]);
    const [goodId = ""] = await storeTasks(env, good, [1]);
    await deliver([badId, goodId], env, engine);
    expect(await taskOf(badId)).toMatchObject({ status: "RETRY", error_code: "crashed" });
    expect((await taskOf(goodId)).status).toBe("SUCCESS");
  });
});

describe("a task that waits again and again", () => {
  it("gets a new message before the platform gives up on the old one", async () => {
    const [definition, engine] = singleTask(() => ({ kind: "defer", reason, delayMs: 30_000 }));
    const ids = await storeTasks(env, definition, [1]);
    const sent: unknown[] = [];
    const queue = {
      sendBatch: async (messages: unknown[], options: unknown) =>
        void sent.push([messages, options]),
    };
    const tested = testEnv({ QUEUE_ORDERS: queue });
    expect(await deliver(ids, tested, engine, 49)).toEqual({ acked: [], retried: ids });
    expect(sent).toEqual([]);
    await passWaits(ids);
    expect(await deliver(ids, tested, engine, 50)).toEqual({ acked: ids, retried: [] });
    expect(sent).toEqual([[[{ body: { v: 1, task_id: ids[0] } }], { delaySeconds: 30 }]]);
    expect((await taskOf(ids[0])).status).toBe("RETRY");
  });
});

describe("a commit", () => {
  it("stores nothing for a task that is done and fails all the same", async () => {
    const name = `test.${crypto.randomUUID()}`;
    const definition: BatchTask = {
      ...base,
      kind: "batch",
      name,
      runBatch: async (tasks) => ({
        outcomes: new Map(
          tasks.map(({ id }) => [id, { kind: "done", result: "x".repeat(70_000) }]),
        ),
        stored: new Map(tasks.map(({ id }) => [id, id])),
      }),
      commit: {
        insert: [
          sql(`INSERT INTO demo_sequence (name, value) SELECT value ->> 'id', 1 FROM json_each(:rows)
           WHERE value ->> 'id' IN (SELECT h.value FROM leases l, json_each(l.task_ids) h WHERE l.token = :token)`),
        ],
        conflict: "SELECT NULL",
        row: (_stored, id) => ({ id }),
      },
    };
    const [id = ""] = await storeTasks(env, definition, [1]);
    await deliver([id], env, new Engine([definition]));
    expect(await taskOf(id)).toMatchObject({ status: "FAILURE", error_code: "result_too_large" });
    const stored = await env.DB.prepare("SELECT 1 FROM demo_sequence WHERE name = ?")
      .bind(id)
      .all();
    expect(stored.results).toEqual([]);
  });
});

describe("messages", () => {
  it("a redelivered message of a settled task is acked and runs nothing (I4)", async () => {
    let runs = 0;
    const [definition, engine] = singleTask(() => {
      runs += 1;
      return { kind: "done", result: runs };
    });
    const ids = await storeTasks(env, definition, [1]);
    await deliver(ids, env, engine);
    const first = await taskOf(ids[0]);
    expect(await deliver(ids, env, engine)).toEqual({ acked: ids, retried: [] });
    expect(await taskOf(ids[0])).toEqual(first);
    expect(runs).toBe(1);
  });

  it("one batch with the same task twice runs it once and acks both", async () => {
    const [definition, engine, batches] = batchTask(done);
    const [id = ""] = await storeTasks(env, definition, [1]);
    expect(await deliver([id, id], env, engine)).toEqual({ acked: [id, id], retried: [] });
    expect(batches.flat()).toHaveLength(1);
  });

  it("a message whose task another consumer holds is acked", async () => {
    const [definition, engine, batches] = batchTask(done);
    const ids = await storeTasks(env, definition, [1]);
    const now = Date.now();
    const request = {
      token: crypto.randomUUID(),
      ids,
      queue: "orders",
      worker: "other",
      now,
      leaseMs: 45_000,
      suspect: false,
    };
    expect((await claim(env.DB, request)).claimed).toHaveLength(1);
    expect(await deliver(ids, env, engine)).toEqual({ acked: ids, retried: [] });
    expect(batches).toEqual([]);
    expect((await taskOf(ids[0])).running).toMatchObject({ worker: "other" });
  });

  it("a message that is too early comes back for the rest of the wait", async () => {
    const [definition, engine, batches] = batchTask(done);
    const ids = await storeTasks(env, definition, [1]);
    await env.DB.prepare("UPDATE tasks SET ready_at = ? WHERE id = ?")
      .bind(Date.now() + 5000, ids[0])
      .run();
    expect(await deliver(ids, env, engine)).toEqual({ acked: [], retried: ids });
    expect(batches).toEqual([]);
  });

  it("one of a task that does not exist is acked", async () => {
    const id = "01a20495-2dc0-77f6-a12b-a53672290fff";
    expect(await deliver([id], env)).toEqual({ acked: [id], retried: [] });
  });

  it("one of unknown shape becomes a visible failure and costs its neighbours nothing (I5)", async () => {
    const [definition, engine] = batchTask(done);
    const [id = ""] = await storeTasks(env, definition, [1]);
    const bodies = [null, "garbage", { v: 1 }, { v: "1", x: id }, { v: 1, task_id: id }, 7];
    const delivery = await deliverBodies(bodies, env, engine);
    expect(delivery.retried).toEqual([]);
    expect(delivery.acked).toHaveLength(6);
    expect((await taskOf(id)).status).toBe("SUCCESS");
    const buried = await env.DB.prepare(
      "SELECT status, error_code, input ->> 'body' AS body FROM tasks WHERE name = 'system.message'",
    ).all();
    expect(buried.results).toHaveLength(5);
    expect(buried.results).toContainEqual({
      status: "FAILURE",
      error_code: "invalid_message",
      body: "garbage",
    });
  });

  it("one of a newer version waits for the newer deployment", async () => {
    const delivery = await deliverBodies([{ v: 2, task_id: "x", extra: true }], env);
    expect(delivery).toEqual({ acked: [], retried: ["x"] });
  });
});

describe("a handler that throws in a batch", () => {
  it("costs no other task an attempt: each runs again alone, and only the poison fails (I5)", async () => {
    const [definition, engine, batches] = batchTask((task) => {
      if (task.input === 37) {
        throw new Error("poison");
      }
      return done();
    });
    const ids = await storeTasks(env, definition, range(100));
    for (const _ of range(5)) {
      await passWaits(ids);
      await deliver(ids, env, engine);
    }
    for (const [index, id] of ids.entries()) {
      const expected =
        index === 37
          ? { status: "FAILURE", attempts: 3, error_code: "crashed" }
          : { status: "SUCCESS", attempts: 1 };
      expect(await taskOf(id)).toMatchObject(expected);
    }
    expect(batches[0]).toHaveLength(100);
    expect(batches.slice(1).every((batch) => batch.length === 1)).toBe(true);
  });
});

describe("a worker that dies", () => {
  const die = async (ids: string[], suspect: boolean) => {
    const claimed = await takeAndDie(ids, suspect);
    await lapseLeases();
    await recover(env, Date.now());
    return claimed;
  };

  it("among a hundred: the one that kills it fails at the third crash alone, the others succeed", async () => {
    const [definition, engine] = batchTask(done);
    const ids = await storeTasks(env, definition, range(100));
    const killer = ids[50] ?? "";
    const others = ids.filter((id) => id !== killer);
    expect(await die(ids, false)).toBe(100);
    expect(await taskOf(killer)).toMatchObject({
      status: "RETRY",
      attempts: 0,
      error_code: "worker_crashed",
    });
    for (const crash of [1, 2, 3]) {
      expect(await die([killer], true), `crash ${crash}`).toBe(1);
    }
    expect(await taskOf(killer)).toMatchObject({ status: "FAILURE", error_code: "worker_crashed" });
    // Tasks that run alone are many: a delivery runs half of them and leaves the rest to the next.
    const { retried } = await deliver(others, env, engine);
    await deliver(retried, env, engine);
    for (const id of others) {
      expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", attempts: 1, error_code: null });
    }
  });

  it("amid tasks that were cancelled meanwhile: the last one left was not alone", async () => {
    const [definition, engine] = batchTask(done);
    const ids = await storeTasks(env, definition, range(3));
    const request = {
      token: crypto.randomUUID(),
      queue: "orders",
      worker: "dead",
      now: Date.now(),
    };
    await claim(env.DB, { ...request, ids, leaseMs: 45_000, suspect: false });
    for (const id of ids.slice(1)) {
      await actOn(env, engine, "cancel", id, { by: "user:test" });
    }
    await lapseLeases();
    await recover(env, Date.now());
    const row = await env.DB.prepare("SELECT crashes, suspect FROM tasks WHERE id = ?")
      .bind(ids[0])
      .first();
    expect(row).toEqual({ crashes: 0, suspect: 1 });
  });

  it("late: what it settles after its lease was given up on changes nothing", async () => {
    const first = door();
    let runs = 0;
    const [definition, engine] = singleTask(async () => {
      runs += 1;
      const run = runs;
      if (run === 1) {
        await first.pass();
      }
      return { kind: "done", result: run };
    });
    const ids = await storeTasks(env, definition, [1]);
    const slow = deliver(ids, env, engine);
    await first.reached;
    await lapseLeases();
    await recover(env, Date.now());
    await deliver(ids, env, engine);
    first.open();
    expect(await slow).toEqual({ acked: ids, retried: [] });
    expect(await taskOf(ids[0])).toMatchObject({ status: "SUCCESS", result: "2" });
  });
});
