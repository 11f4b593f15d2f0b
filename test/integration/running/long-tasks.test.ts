import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { actOn } from "../../../src/tasks/commands/actions";
import type { SingleTask } from "../../../src/tasks/model/define";
import { Engine } from "../../../src/tasks/model/engine";
import { enqueue } from "../../../src/tasks/accepting/enqueue";
import { statusOf, toExecution } from "../../../src/tasks/reading/execution";
import { READ_HELD } from "../../../src/tasks/model/leases";
import { listTasks } from "../../../src/tasks/reading/list";
import { recover } from "../../../src/tasks/recovery/recover";
import { countingDatabase } from "../../support/counting";
import { deafQueue, deliver, lapseLeases, passWaits } from "../../support/engine";
import { storeTasks, taskOf, testEnv } from "../../support/engine";
import { door } from "../../support/door";
import { aDefinition } from "../../support/tasks";

const BY = "user:operator";

afterEach(() => {
  vi.restoreAllMocks();
});

function longTask(definition: Partial<SingleTask>): [SingleTask, Engine] {
  const name = `test.${crypto.randomUUID()}`;
  const task = aDefinition({ name, timeoutMs: 60_000, ...definition });
  return [task, new Engine([task])];
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });

describe("progress", () => {
  it("shows as PROGRESS with percent, step and steps while the task runs", async () => {
    const halfway = door();
    const [definition, engine] = longTask({
      run: async (task) => {
        await task.progress(50.4, "Writing page 2", 4);
        await halfway.pass();
        return { kind: "done", result: null };
      },
    });
    const [id = ""] = await storeTasks(env, definition, [1]);
    const running = deliver([id], env, engine);
    await halfway.reached;
    const task = await taskOf(id);
    expect(toExecution(task, engine)).toMatchObject({
      status: "PROGRESS",
      progress_percentage: 50,
      current_step: "Writing page 2",
      total_steps: 4,
      is_running: true,
    });
    const page = { limit: 10, cursor: null };
    const inProgress = await listTasks(env.DB, { status: "PROGRESS" }, page);
    expect(inProgress.rows.map((row) => row.id)).toContain(id);
    const started = await listTasks(env.DB, { status: "STARTED" }, page);
    expect(started.rows.map((row) => row.id)).not.toContain(id);
    halfway.open();
    await running;
    expect(toExecution(await taskOf(id), engine)).toMatchObject({
      status: "SUCCESS",
      progress_percentage: 100,
    });
  });

  it("is saved at most once a second, and the last of it when the run ends", async () => {
    const { DB, counts } = countingDatabase();
    const [definition, engine] = longTask({
      run: async (task) => {
        const before = counts.rowsWritten;
        for (let percent = 1; percent <= 90; percent++) {
          await task.progress(percent);
        }
        expect(counts.rowsWritten - before).toBe(1);
        return { kind: "reject", reason: { code: "because", message: "It had to be" } };
      },
    });
    const [id = ""] = await storeTasks(env, definition, [1]);
    await deliver([id], testEnv({ DB }), engine);
    expect(await taskOf(id)).toMatchObject({
      status: "FAILURE",
      error_code: "because",
      progress: 90,
    });
  });
});

describe("the progress of a run of 14 minutes", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is saved less and less often, for D1 answers a run 1,000 queries", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { DB, counts } = countingDatabase();
    const saved: number[] = [];
    const [definition, engine] = longTask({
      run: async (task) => {
        for (let second = 0; second < 840; second++) {
          const before = counts.calls;
          await task.progress(second / 8.4);
          saved.push(...(counts.calls > before ? [second] : []));
          vi.setSystemTime(Date.now() + 1000);
        }
        return { kind: "done" };
      },
    });
    const ids = await storeTasks(env, definition, [1]);
    await deliver(ids, testEnv({ DB }), engine);
    expect(saved.slice(0, 3)).toEqual([0, 1, 2]);
    expect(saved.length).toBeLessThan(250);
    expect(saved.at(-1)).toBeGreaterThan(820);
  });
});

describe("steps", () => {
  it("that ended are not run again by a retry", async () => {
    const ran: string[] = [];
    const [definition, engine] = longTask({
      run: async (task) => {
        const first = await task.step("first: read", async () => {
          ran.push("first");
          return { rows: 3 };
        });
        const second = await task.step("second", async () => {
          ran.push("second");
          if (task.attempt === 1) {
            throw new Error("not yet");
          }
          return first.rows * 2;
        });
        return { kind: "done", result: second };
      },
    });
    const ids = await storeTasks(env, definition, [1]);
    await deliver(ids, env, engine);
    expect((await taskOf(ids[0])).status).toBe("RETRY");
    await passWaits(ids);
    await deliver(ids, env, engine);
    expect(await taskOf(ids[0])).toMatchObject({ status: "SUCCESS", result: "6" });
    expect(ran).toEqual(["first", "second", "second"]);
  });

  it("that pile up over what a row holds fail the attempt", async () => {
    const [definition, engine] = longTask({
      run: async (task) => {
        for (let step = 0; step < 40; step++) {
          await task.step(`step ${step}`, async () => "x".repeat(60_000));
        }
        return { kind: "done" };
      },
    });
    const ids = await storeTasks(env, definition, [1]);
    await deliver(ids, env, engine);
    expect(await taskOf(ids[0])).toMatchObject({
      status: "RETRY",
      error_message: "The results of its steps are over 500000 bytes",
    });
    const kept = await env.DB.prepare("SELECT length(finished_steps) AS n FROM tasks WHERE id = ?1")
      .bind(ids[0])
      .first<number>("n");
    expect(kept).toBeLessThan(501_000);
  });

  it("with a name that is none, or a result too large, fail the attempt", async () => {
    for (const [name, result] of [
      ['a"b', 1],
      ["", 1],
      ["big", "x".repeat(70_000)],
    ] as const) {
      const [definition, engine] = longTask({
        run: async (task) => ({ kind: "done", result: await task.step(name, async () => result) }),
      });
      const ids = await storeTasks(env, definition, [1]);
      await deliver(ids, env, engine);
      expect(await taskOf(ids[0])).toMatchObject({ status: "RETRY", error_code: "crashed" });
    }
  });

  it("of a failed task are kept for a person's retry, those of a cancelled one are not", async () => {
    let runs = 0;
    const [definition, engine] = longTask({
      run: async (task) => {
        await task.step("once", async () => (runs += 1));
        return { kind: "reject", reason: { code: "no", message: "no" } };
      },
    });
    const quiet = testEnv({ QUEUE_TASKS: deafQueue });
    const [id = ""] = await storeTasks(env, definition, [1]);
    await deliver([id], env, engine);
    await actOn(quiet, engine, "retry", id, { by: BY });
    await deliver([id], env, engine);
    expect(runs).toBe(1);
    await actOn(quiet, engine, "retry", id, { by: BY });
    await actOn(env, engine, "cancel", id, { by: BY });
    await actOn(quiet, engine, "retry", id, { by: BY });
    await deliver([id], env, engine);
    expect(runs).toBe(2);
  });
});

describe("a checkpoint saved on the way", () => {
  it("is where a retry goes on, and a crashed run's next one", async () => {
    const found: unknown[] = [];
    const stuck = door();
    const [definition, engine] = longTask({
      run: async (task) => {
        found.push(task.checkpoint);
        await task.saveCheckpoint({ at: found.length });
        if (found.length === 1) {
          throw new Error("not yet");
        }
        if (found.length === 2) {
          await stuck.pass();
        }
        return { kind: "done" };
      },
    });
    const ids = await storeTasks(env, definition, [1]);
    await deliver(ids, env, engine);
    await passWaits(ids);
    const dying = deliver(ids, env, engine);
    await stuck.reached;
    await lapseLeases();
    await recover(testEnv({ QUEUE_TASKS: deafQueue }), Date.now());
    await deliver(ids, env, engine);
    expect((await taskOf(ids[0])).status).toBe("SUCCESS");
    expect(found).toEqual([null, { at: 1 }, { at: 2 }]);
    stuck.open();
    await dying;
  });

  it("is where a person's retry of a failed task goes on, and gone once it succeeded", async () => {
    const found: unknown[] = [];
    const [definition, engine] = longTask({
      run: async (task) => {
        found.push(task.checkpoint);
        await task.saveCheckpoint({ at: found.length });
        return found.length === 1
          ? { kind: "reject", reason: { code: "no", message: "no" } }
          : { kind: "done" };
      },
    });
    const [id = ""] = await storeTasks(env, definition, [1]);
    await deliver([id], env, engine);
    expect((await taskOf(id)).status).toBe("FAILURE");
    await actOn(testEnv({ QUEUE_TASKS: deafQueue }), engine, "retry", id, { by: BY });
    await deliver([id], env, engine);
    expect(found).toEqual([null, { at: 1 }]);
    const kept = env.DB.prepare("SELECT status, checkpoint FROM tasks WHERE id = ?").bind(id);
    expect(await kept.first()).toEqual({ status: "SUCCESS", checkpoint: null });
  });

  it("of null begins anew", async () => {
    const found: unknown[] = [];
    const [definition, engine] = longTask({
      run: async (task) => {
        found.push(task.checkpoint);
        if (found.length === 1) {
          return { kind: "continue", checkpoint: 1 };
        }
        await task.saveCheckpoint(null);
        return found.length === 2
          ? { kind: "retry", reason: { code: "again", message: "again" } }
          : { kind: "done" };
      },
    });
    const ids = await storeTasks(env, definition, [1]);
    const quiet = testEnv({ QUEUE_TASKS: deafQueue });
    for (let run = 0; run < 3; run++) {
      await deliver(ids, quiet, engine);
      await passWaits(ids);
    }
    expect(found).toEqual([null, 1, null]);
  });

  it("is not kept for a run that holds the task no more, nor when it is too large", async () => {
    const caught: unknown[] = [];
    const [definition, engine] = longTask({
      run: async (task) => {
        await task.saveCheckpoint("ñ".repeat(500_000)).catch((error) => caught.push(error));
        await actOn(env, engine, "cancel", task.id, { by: BY });
        await task.saveCheckpoint("late").catch((error) => caught.push(error));
        return { kind: "done" };
      },
    });
    const ids = await storeTasks(env, definition, [1]);
    await deliver(ids, env, engine);
    expect(caught.map(String)).toEqual([
      "Error: The checkpoint is over 1000000 bytes",
      "NotHeldError: The task was cancelled, or its lease given up",
    ]);
  });
});

describe("cancelling a running task", () => {
  it("fires its signal within six seconds, undoes its effects, and ends it as REVOKED", async () => {
    const running = door();
    let undone: unknown[] = [];
    let toldAfterMs = 0;
    let cancelledAt = 0;
    const [definition, engine] = longTask({
      run: async (_task, { signal }) => {
        void running.pass();
        await untilAborted(signal).catch(() => (toldAfterMs = Date.now() - cancelledAt));
        return { kind: "done", result: "too late" };
      },
      onRevoke: async (task) => {
        undone = [...undone, task.input];
      },
    });
    const [id = ""] = await storeTasks(env, definition, ["the input"]);
    const delivery = deliver([id], env, engine);
    await running.reached;
    cancelledAt = Date.now();
    expect(await actOn(env, engine, "cancel", id, { by: BY })).toBe("done");
    expect(undone).toEqual(["the input"]);
    expect(await delivery).toEqual({ acked: [id], retried: [] });
    expect(toldAfterMs).toBeGreaterThan(0);
    expect(undone).toEqual(["the input", "the input"]);
    expect(await taskOf(id)).toMatchObject({ status: "REVOKED", result: null });
  });

  it("a handler that does not listen is left behind, and writes nothing more", async () => {
    const running = door();
    const [definition, engine] = longTask({
      run: async (task) => {
        await running.pass();
        await task.progress(99, "still here");
        return { kind: "done", result: "too late" };
      },
    });
    const [id = ""] = await storeTasks(env, definition, [1]);
    const delivery = deliver([id], env, engine);
    await running.reached;
    await actOn(env, engine, "cancel", id, { by: BY });
    await delivery;
    running.open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await taskOf(id)).toMatchObject({ status: "REVOKED", result: null, progress: null });
  });

  it("between its slices undoes its effects too", async () => {
    let undone = 0;
    const [definition, engine] = longTask({
      run: async () => ({ kind: "continue", checkpoint: { upload: "u1" } }),
      onRevoke: async (task) => {
        expect(task.checkpoint).toEqual({ upload: "u1" });
        undone += 1;
      },
    });
    const [id = ""] = await storeTasks(env, definition, [1]);
    await deliver([id], testEnv({ QUEUE_TASKS: deafQueue }), engine);
    await actOn(env, engine, "cancel", id, { by: BY });
    expect(undone).toBe(1);
    expect((await taskOf(id)).status).toBe("REVOKED");
  });
});

describe("the watch for a cancel", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Wraps the real D1 so that something happens before each look of a watch. */
  function beforeLooks(happens: () => Promise<void>): D1Database {
    const all = async (token: unknown) => {
      await happens();
      return env.DB.prepare(READ_HELD.text).bind(token).all();
    };
    const look = { bind: (token: unknown) => ({ all: () => all(token) }) };
    return {
      prepare: (sql: string) => (sql === READ_HELD.text ? look : env.DB.prepare(sql)),
      batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
    } as unknown as D1Database;
  }

  /**
   * Starts a task that runs until it is told to stop, over a database whose looks may fail or hang.
   */
  async function watched(look: (nth: number) => Promise<void>) {
    const running = door();
    let looks = 0;
    const DB = beforeLooks(() => look((looks += 1)));
    const [definition, engine] = longTask({
      run: async (_task, { signal }) => {
        void running.pass();
        return untilAborted(signal);
      },
    });
    const [id = ""] = await storeTasks(env, definition, [1]);
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const delivery = deliver([id], testEnv({ DB }), engine);
    await running.reached;
    const cancel = async () => {
      await actOn(env, engine, "cancel", id, { by: BY });
    };
    return { id, delivery, cancel, looks: () => looks };
  }

  it("asks D1 once in five seconds", async () => {
    const { delivery, cancel, looks } = await watched(async () => {});
    await vi.advanceTimersByTimeAsync(4999);
    expect(looks()).toBe(0);
    for (const seconds of [1, 2, 3]) {
      await vi.advanceTimersByTimeAsync(5000);
      expect(looks()).toBe(seconds);
    }
    await cancel();
    await vi.advanceTimersByTimeAsync(5000);
    await delivery;
  });

  it("goes on after looks that fail", async () => {
    const { id, delivery, cancel } = await watched(async (nth) => {
      if (nth < 3) {
        throw new Error("D1_ERROR: Network connection lost.");
      }
    });
    await cancel();
    await vi.advanceTimersByTimeAsync(15_000);
    await delivery;
    expect((await taskOf(id)).status).toBe("REVOKED");
  });

  it("waits for a look that hangs before it asks again", async () => {
    const stuck = door();
    const { delivery, cancel, looks } = await watched((nth) =>
      nth === 1 ? stuck.pass() : Promise.resolve(),
    );
    await cancel();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks()).toBe(1);
    stuck.open();
    await delivery;
  });
});

describe("heartbeat and timeout are apart", () => {
  it("a task may run longer than its lease: the lease is extended", async () => {
    const short = testEnv({ LEASE_SECONDS: "2" });
    const [definition, engine] = longTask({
      run: async () => {
        await new Promise((resolve) => setTimeout(resolve, 3000));
        return { kind: "done", result: 1 };
      },
    });
    const [id = ""] = await storeTasks(env, definition, [1]);
    const delivery = deliver([id], short, engine);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect((await recover(testEnv({ QUEUE_TASKS: deafQueue }), Date.now())).lapsed).toBe(0);
    expect(statusOf(await taskOf(id))).toBe("STARTED");
    await delivery;
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", attempts: 1 });
  });

  it("a crashed run's steps are there for the next", async () => {
    const stuck = door();
    let ran = 0;
    const [definition, engine] = longTask({
      run: async (task) => {
        await task.step("paid", async () => (ran += 1));
        if (task.checkpoint === null && ran === 1) {
          ran += 1;
          await stuck.pass();
        }
        return { kind: "done", result: ran };
      },
    });
    const [id = ""] = await storeTasks(env, definition, [1]);
    const first = deliver([id], env, engine);
    await stuck.reached;
    await lapseLeases();
    await recover(testEnv({ QUEUE_TASKS: deafQueue }), Date.now());
    await deliver([id], env, engine);
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", result: "2", attempts: 1 });
    stuck.open();
    await first;
  });
});

describe("a delayed start", () => {
  it("of up to a minute is a delayed message, a longer one is left to recovery", async () => {
    const [definition] = longTask({ run: async () => ({ kind: "done" }) });
    const sent: unknown[] = [];
    const queue = {
      metrics: async () => ({ backlogCount: 0, backlogBytes: 0 }),
      sendBatch: async (messages: unknown[], options: unknown) => void sent.push(options),
    };
    const tested = testEnv({ QUEUE_TASKS: queue });
    const task = [{ input: "1", subject: null }];
    await enqueue(tested, definition, task, { user: null, delayMs: 30_000 });
    expect(sent).toEqual([{ delaySeconds: 30 }]);
    await enqueue(tested, definition, task, { user: null, delayMs: 90_000 });
    expect(sent).toHaveLength(1);
    await recover(tested, Date.now() + 89_000);
    const early = sent.length;
    await recover(tested, Date.now() + 91_000);
    expect(sent.length).toBe(early + 1);
  });
});
