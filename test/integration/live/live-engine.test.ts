import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Row } from "../../../src/live/events";
import { PATIENCE_MS, QUIET_MS } from "../../../src/live/hub.do";
import { publishToHub } from "../../../src/live/publisher";
import { enqueueOrders } from "../../../src/orders/intake/ingest";
import { actOn } from "../../../src/tasks/commands/actions";
import { BURIED, consumeDeadLetters } from "../../../src/tasks/running/dead-letters";
import { Engine } from "../../../src/tasks/model/engine";
import { pauseQueue, resumeQueue } from "../../../src/tasks/commands/pause-queue";
import { publishTo, type TaskChange } from "../../../src/tasks/model/publish";
import { toExecution } from "../../../src/tasks/reading/execution";
import { listTasks } from "../../../src/tasks/reading/list";
import { MAX_CRASHES, recover } from "../../../src/tasks/recovery/recover";
import { startTracking } from "../../../src/tasks/tracked/tracked";
import { finishTracking, reportProgress } from "../../../src/tasks/tracked/tracked-reports";
import { masterKey } from "../../support/api";
import {
  deafQueue,
  deliver,
  lapseLeases,
  orderEngine,
  storeOrders,
  storeTasks,
  takeAndDie,
  taskOf,
  testEnv,
} from "../../support/engine";
import { aChange, listen, type Listener } from "../../support/live";
import { anOrder } from "../../support/orders";
import { grantedOf, refusalOf } from "../../support/result";
import { aDefinition } from "../../support/tasks";

const quiet = () => testEnv({ QUEUE_ORDERS: deafQueue, QUEUE_TASKS: deafQueue });
const rest = () => new Promise((resolve) => setTimeout(resolve, QUIET_MS + 100));

/** Returns the states that a task was seen in, in order, without repeats. */
function statesOf({ messages }: Listener, id: string): string[] {
  const seen = messages.flatMap(({ rows = [] }) => rows.filter((row) => row.id === id));
  return seen.map(({ status }) => status).filter((status, i, all) => status !== all[i - 1]);
}

let listener: Listener;

beforeAll(() => publishTo(publishToHub));

beforeEach(async () => {
  listener = await listen("", { key: await masterKey() });
  await rest(); // This isolate may rest after a publish that nobody heard.
});

afterEach(() => {
  vi.restoreAllMocks();
  listener.socket.close();
});

describe("whoever listens is told", () => {
  it("of orders queued, started, at each stage's end, and settled", async () => {
    const told: TaskChange[] = [];
    publishTo(async (...publish) => {
      told.push(...publish[1]());
      await publishToHub(...publish);
    });
    const accepted = await enqueueOrders(quiet(), [anOrder(), anOrder({ productos: [] })], null);
    const [good = "", bad = ""] = accepted.taskIds;
    await vi.waitFor(() => expect(listener.rows.get(good)?.status).toBe("PENDING"));
    await deliver([good, bad], quiet());
    await vi.waitFor(() => expect(listener.rows.get(bad)?.status).toBe("FAILURE"));
    expect(listener.rows.get(good)).toMatchObject({
      status: "SUCCESS",
      stages: ["validate", "enrich", "price", "persist"],
    });
    expect(listener.rows.get(bad)).toMatchObject({ error: { code: "empty_order" }, stages: [] });
    publishTo(publishToHub);
    const states = told.filter(({ id }) => id === good);
    expect(states.map(({ status, stages }) => `${status} ${stages?.length ?? ""}`)).toEqual([
      "PENDING ",
      "STARTED ",
      "STARTED 1",
      "STARTED 2",
      "STARTED 3",
      "STARTED 4",
      "SUCCESS 4",
    ]);
    expect(states.at(-1)).toMatchObject({ name: "pedidos.procesar", module: "pedidos" });
  });

  it("of progress, at most four times a second", async () => {
    const task = aDefinition({
      timeoutMs: 60_000,
      run: async (running) => {
        for (let percent = 0; percent < 100; percent += 1) {
          await running.progress(percent, `step ${percent}`);
          await new Promise((resolve) => setTimeout(resolve, 7));
        }
        return { kind: "done" };
      },
    });
    const told = vi.spyOn(env.LIVE_HUB, "getByName");
    const [id = ""] = await storeTasks(quiet(), task, [1]);
    told.mockClear();
    const started = Date.now();
    await deliver([id], quiet(), new Engine([task]));
    const quarters = Math.ceil((Date.now() - started) / 250);
    await vi.waitFor(() => expect(listener.rows.get(id)?.status).toBe("SUCCESS"));
    expect(statesOf(listener, id)).toContain("PROGRESS");
    expect(told.mock.calls.length).toBeGreaterThan(2);
    expect(told.mock.calls.length).toBeLessThanOrEqual(quarters + 2);
  });

  it("of cancels and retries by people", async () => {
    const [id = ""] = await storeOrders(quiet(), [anOrder()]);
    await actOn(quiet(), orderEngine, "cancel", id, { by: "user:x" });
    await vi.waitFor(() => expect(listener.rows.get(id)?.status).toBe("REVOKED"));
    await actOn(quiet(), orderEngine, "retry", id, { by: "user:x" });
    await vi.waitFor(() => expect(listener.rows.get(id)?.status).toBe("PENDING"));
  });
});

/** Makes a batch of the dead letter queue. */
function deadLetters(...bodies: unknown[]): MessageBatch {
  return createMessageBatch(
    "pedidos-dead-letters",
    bodies.map((body) => ({
      id: crypto.randomUUID(),
      timestamp: new Date(),
      attempts: 101,
      body,
    })),
  );
}

const work = () => ({
  externalId: `nightly ${crypto.randomUUID()}`,
  name: "nomina.calcular",
  module: "nomina",
  description: "",
  user: "key:me",
  timeoutMs: 60_000,
  context: "{}",
});

async function tracking(isPending = false) {
  const started = await startTracking(quiet(), { ...work(), isPending });
  return grantedOf(started).task;
}

describe("whoever listens is told of what no consumer settles:", () => {
  it("of the tasks of dead consumers, once for all of them", async () => {
    const orders = Array.from({ length: 5 }, () => anOrder());
    const [alone = "", ...others] = await storeOrders(quiet(), orders);
    for (let crash = 1; crash < MAX_CRASHES; crash += 1) {
      await takeAndDie([alone], crash > 1);
      await lapseLeases();
      await recover(quiet(), Date.now());
    }
    await takeAndDie([alone], true);
    await takeAndDie(others.slice(0, 2));
    await takeAndDie(others.slice(2));
    await lapseLeases();
    const calls = vi.spyOn(env.LIVE_HUB, "getByName");
    await recover(quiet(), Date.now());
    expect(calls).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(listener.rows.get(alone)?.status).toBe("FAILURE"));
    for (const id of others) {
      expect(listener.rows.get(id)).toMatchObject({
        status: "RETRY",
        name: "pedidos.procesar",
        error: { code: "worker_crashed", message: "The worker died while it ran this task" },
      });
    }
    calls.mockClear();
    await recover(quiet(), Date.now());
    expect(calls).not.toHaveBeenCalled(); // The second recovery changed nothing more.
  });

  it("in the right order, even of tasks that end before the message is sent", async () => {
    const told: TaskChange[] = [];
    publishTo(async (...publish) => {
      told.push(...publish[1]());
      await publishToHub(...publish);
    });
    const [crashed = "", failed = ""] = await storeOrders(quiet(), [anOrder(), anOrder()]);
    // This queue delivers at once, and says so only when the task has ended.
    const sendBatch = async (messages: { body: { task_id: string } }[]) => {
      await deliver(
        messages.map(({ body }) => body.task_id),
        quiet(),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const metrics = () => Promise.resolve({ backlogCount: 0, backlogBytes: 0 });
    const prompt = testEnv({ QUEUE_ORDERS: { sendBatch, metrics }, QUEUE_TASKS: deafQueue });
    await actOn(quiet(), orderEngine, "cancel", failed, { by: "user:x" });
    await takeAndDie([crashed]);
    await lapseLeases();
    await recover(prompt, Date.now());
    await actOn(prompt, orderEngine, "retry", failed, { by: "user:x" });
    publishTo(publishToHub);
    for (const id of [crashed, failed]) {
      const changes = told.filter((change) => change.id === id).toSorted((a, b) => a.at - b.at);
      expect(changes.at(-1)?.status).toBe("SUCCESS");
      await vi.waitFor(() => expect(listener.rows.get(id)?.status).toBe("SUCCESS"));
    }
    expect(told.map(({ status }) => status)).toEqual(expect.arrayContaining(["RETRY", "PENDING"]));
  });

  it("of messages that were never ours", async () => {
    await consumeDeadLetters(deadLetters({ v: 99, hello: 1 }), quiet());
    const buried = () => [...listener.rows.values()].find(({ name }) => name === BURIED.name);
    await vi.waitFor(() => expect(buried()).toMatchObject({ status: "FAILURE", module: "system" }));
  });

  it("of work elsewhere: its start, its progress, its end, and its silence", async () => {
    const task = await tracking();
    const seen = () => listener.rows.get(task.id);
    await vi.waitFor(() => expect(seen()).toMatchObject({ status: "STARTED", module: "nomina" }));
    await reportProgress(quiet(), task, { percent: 39.6, step: "Sumando" });
    await vi.waitFor(() =>
      expect(seen()).toMatchObject({ status: "PROGRESS", progress: 40, step: "Sumando" }),
    );
    await finishTracking(quiet(), task, { status: "FAILURE", message: "no", result: null });
    const error = { code: "failed", message: "no" };
    await vi.waitFor(() => expect(seen()).toMatchObject({ status: "FAILURE", error }));
    const told = listener.messages.length;
    const late = await reportProgress(quiet(), task, { percent: 50 });
    expect(refusalOf(late)).toEqual({ kind: "wrong_state", status: "FAILURE" });
    expect(listener.messages.slice(told)).toEqual([]);

    const ahead = await tracking(true);
    await reportProgress(quiet(), ahead, { percent: 0, step: "En cola" });
    await vi.waitFor(() =>
      expect(listener.rows.get(ahead.id)).toMatchObject({ status: "PENDING", step: "En cola" }),
    );
    await reportProgress(quiet(), ahead, { percent: 1 });
    await vi.waitFor(() =>
      expect(listener.rows.get(ahead.id)).toMatchObject({ status: "PROGRESS", step: "En cola" }),
    );

    const silent = await tracking();
    await recover(quiet(), Date.now() + 61_000);
    await vi.waitFor(() =>
      expect(listener.rows.get(silent.id)).toMatchObject({
        status: "FAILURE",
        error: { code: "lost" },
      }),
    );
  });

  it("that a queue is paused or goes on: every page is told to read again, once", async () => {
    const narrow = await listen(`task=${aChange().id}`, { key: await masterKey() });
    const pause = { queue: "tasks", since: Date.now(), by: "user:x", reason: "A test" };
    for (const change of [() => pauseQueue(quiet(), pause), () => resumeQueue(quiet(), "tasks")]) {
      const before = [listener.messages.length, narrow.messages.length];
      expect(await change()).toBe(true);
      for (const [index, { messages }] of [listener, narrow].entries()) {
        await vi.waitFor(() => expect(messages.at(before[index] ?? 0)?.refetch).toBe(true));
      }
    }
    const told = listener.messages.length;
    expect(await resumeQueue(quiet(), "tasks")).toBe(false); // The queue is not paused.
    await rest();
    expect(listener.messages).toHaveLength(told);
    narrow.socket.close();
  });

  it("and none of it fails, or is undone, when the hub does not answer", async () => {
    const publish = () => Promise.reject(new Error("overloaded"));
    const LIVE_HUB = { getByName: () => ({ publish }) };
    const broken = { ...quiet(), LIVE_HUB } as unknown as Env;
    const [held = ""] = await storeOrders(quiet(), [anOrder()]);
    const failing = async <T>(act: () => Promise<T>): Promise<T> => {
      await rest(); // The isolate is no longer silent from the failure before.
      return act();
    };
    await failing(async () => {
      await takeAndDie([held]);
      await lapseLeases();
      await recover(broken, Date.now());
    });
    expect((await taskOf(held)).status).toBe("RETRY");
    const buried = () =>
      env.DB.prepare("SELECT count(*) AS n FROM tasks WHERE name = ?")
        .bind(BURIED.name)
        .first<number>("n");
    const before = (await buried()) ?? 0;
    await failing(() => consumeDeadLetters(deadLetters({ v: 99, hello: 2 }), broken));
    expect(await buried()).toBe(before + 1);
    const started = await failing(() => startTracking(broken, work()));
    expect(started).toHaveProperty("created", true);
    const pause = { queue: "tasks", since: Date.now(), by: "user:x", reason: "A test" };
    expect(await failing(() => pauseQueue(broken, pause))).toBe(true);
    expect(await failing(() => resumeQueue(broken, "tasks"))).toBe(true);
  }, 20_000);
});

describe("publishing", () => {
  it("calls the hub once per event of a batch of a hundred, never per order", async () => {
    const ids = await storeOrders(
      quiet(),
      Array.from({ length: 100 }, () => anOrder()),
    );
    const calls = vi.spyOn(env.LIVE_HUB, "getByName");
    await deliver(ids, quiet());
    expect(calls.mock.calls.length).toBeGreaterThan(0);
    // One further call may tell that the batch started, if it takes long.
    expect(calls.mock.calls.length).toBeLessThanOrEqual(2);
  });

  it("stops while nobody listens, and is heard again at most a second after somebody does", async () => {
    listener.socket.close();
    await vi.waitFor(() => expect(listener.closed).not.toBeNull());
    const now = Date.now();
    // The time is past the hub's linger.
    const later = vi.spyOn(Date, "now").mockReturnValue(now + 40_000);
    await publishToHub(env, () => [aChange()]);
    const calls = vi.spyOn(env.LIVE_HUB, "getByName");
    await publishToHub(env, () => {
      throw new Error("puts nothing together for nobody");
    });
    expect(calls).not.toHaveBeenCalled();
    listener = await listen("", { key: await masterKey() });
    expect(listener.messages[0]).toMatchObject({ refetch: true, settle: QUIET_MS + PATIENCE_MS });
    later.mockReturnValue(now + 40_000 + QUIET_MS);
    const task = aChange();
    await publishToHub(env, () => [task]);
    await vi.waitFor(() => expect(listener.rows.has(task.id)).toBe(true));
  });

  it("that fails or hangs fails and delays no batch, and is made up for by the next", async () => {
    for (const publish of [
      () => Promise.reject(new Error("overloaded")),
      () => new Promise(() => undefined),
    ]) {
      const broken = { ...quiet(), LIVE_HUB: { getByName: () => ({ publish }) } } as unknown as Env;
      const ids = await storeOrders(quiet(), [anOrder()]);
      await rest(); // The isolate is no longer silent from the last failure.
      expect(await deliver(ids, broken)).toEqual({ acked: ids, retried: [] });
    }
    await rest();
    const before = listener.messages.length;
    await publishToHub(env, () => [aChange()]);
    await vi.waitFor(() => expect(listener.messages.length).toBeGreaterThan(before));
    expect(listener.messages.slice(before).some(({ refetch }) => refetch)).toBe(true);
  });
});

/**
 * Follower follows a batch by the protocol: it takes rows as they come, and the list whenever it is
 * told to read.
 */
class Follower {
  readonly known = new Map<string, string>();
  #seen = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(
    public listener: Listener,
    readonly lote: string,
  ) {}

  catchUp(): Promise<void> {
    this.#running = this.#afterThat();
    return this.#running;
  }

  /** Handles one message after the other, however often it is asked. */
  async #afterThat(): Promise<void> {
    await this.#running;
    while (this.#seen < this.listener.messages.length) {
      const message = this.listener.messages[this.#seen];
      this.#seen += 1;
      if (message?.refetch) {
        for (const { id, status } of await readAll(this.lote)) {
          this.known.set(id, status);
        }
      }
      message?.rows?.forEach((row: Row) => this.known.set(row.id, row.status));
    }
  }

  async comeBack(query: string): Promise<void> {
    await this.catchUp();
    const since = this.listener.since();
    this.listener.socket.close();
    this.listener = await listen(`${query}&${since}`, { key: await masterKey() });
    this.#seen = 0;
  }
}

async function readAll(lote: string) {
  const page = await listTasks(env.DB, { lote }, { limit: 1000, cursor: null });
  return page.rows.map((row) => toExecution(row, orderEngine));
}

it("leaves every one of 50 clients consistent under a load of batches", async () => {
  const orders = Array.from({ length: 600 }, (_, i) =>
    anOrder(i % 5 === 0 ? { productos: [] } : {}),
  );
  const { batchId, taskIds: ids } = await enqueueOrders(quiet(), orders, null);
  const key = await masterKey();
  const query = `lote=${batchId}`;
  const followers = await Promise.all(
    Array.from({ length: 49 }, async () => new Follower(await listen(query, { key }), batchId)),
  );
  const following = setInterval(() => followers.forEach((one) => void one.catchUp()), 50);
  for (let start = 0; start < ids.length; start += 40) {
    await deliver(ids.slice(start, start + 40), quiet());
    const wanderer = followers[(start / 40) % followers.length];
    await wanderer?.comeBack(query);
  }
  const truth = new Map((await readAll(batchId)).map(({ id, status }) => [id, status as string]));
  expect(new Set(truth.values())).toEqual(new Set(["SUCCESS", "FAILURE"]));
  await vi.waitFor(
    async () => {
      await Promise.all(followers.map((one) => one.catchUp()));
      for (const { known } of followers) {
        const wrong = [...truth].filter(([id, status]) => known.get(id) !== status);
        expect(wrong.slice(0, 3)).toEqual([]);
      }
    },
    { timeout: 20_000, interval: 300 },
  );
  clearInterval(following);
  const messages = followers.map((one) => one.listener.messages.length);
  expect(Math.max(...messages)).toBeLessThan(60);
}, 60_000);
