/** D1 fails at a moment of a task's life, and nothing of it is held against the task. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { guarded } from "../../../src/db/guarded";
import { Engine } from "../../../src/tasks/model/engine";
import { deleteLease, startHeartbeat } from "../../../src/tasks/model/leases";
import { type Memory, recover } from "../../../src/tasks/recovery/recover";
import type { BatchTask, SingleTask } from "../../../src/tasks/model/define";
import { batchOf } from "../../platform/batch";
import { type D1Call, type D1Fault, type D1Rules, strictD1 } from "../../platform/d1";
import { D1_ERROR_NAMES, type D1ErrorName } from "../../platform/d1-errors";
import { consume } from "../../../src/tasks/running/consumer";
import { StrictQueue } from "../../platform/queue";
import {
  deliver,
  orderEngine,
  storeOrders,
  storeTasks,
  takeAndDie,
  taskOf,
  testEnv,
} from "../../support/engine";
import { AT_ONCE } from "../../support/faults";
import { anOrder } from "../../support/orders";
import { aDefinition } from "../../support/tasks";

const LEASE_MS = 45_000;

afterEach(() => {
  vi.useRealTimers();
});

/** Makes a database that fails at every call that `strikes`, until `rules.fault` is taken away. */
function failing(error: D1ErrorName, strikes: (call: D1Call) => boolean) {
  const fault = (call: D1Call): D1Fault | null => (strikes(call) ? { error } : null);
  const rules: D1Rules = { fault };
  return { rules, tested: testEnv({ DB: strictD1(env.DB, rules) }) };
}

const saying =
  (...texts: string[]) =>
  ({ sql }: D1Call) =>
    texts.some((text) => sql.includes(text));

async function expectNoBlame(id: string | undefined): Promise<void> {
  const row = await env.DB.prepare(
    "SELECT attempts, crashes, suspect, timeline FROM tasks WHERE id = ?",
  )
    .bind(id)
    .first<{ attempts: number; crashes: number; suspect: number; timeline: string | null }>();
  expect(row).toMatchObject({ attempts: 0, crashes: 0, suspect: 0 });
  expect(row?.timeline ?? "").not.toMatch(/crashed|suspected/);
}

const leases = () => env.DB.prepare("SELECT count(*) AS n FROM leases").first<number>("n");

describe.each(D1_ERROR_NAMES)("D1 that says “%s”", (error) => {
  it("at the claim: every message comes again, and no row has changed", async () => {
    const ids = await storeOrders(env, [anOrder(), anOrder()]);
    const { tested } = failing(error, saying("INSERT INTO leases"));
    expect(await deliver(ids, tested)).toEqual({ acked: [], retried: ids });
    await expectNoBlame(ids[0]);
    await deliver(ids, env);
    expect(await taskOf(ids[1])).toMatchObject({ status: "SUCCESS", attempts: 1 });
  });

  it("at the settle: every message comes again, and the lease is given back", async () => {
    const ids = await storeOrders(env, [anOrder(), anOrder({ productos: [] })]);
    const { tested } = failing(
      error,
      ({ isBatch, sql }) => isBatch && sql.includes("DELETE FROM leases"),
    );
    expect(await deliver(ids, tested)).toEqual({ acked: [], retried: ids });
    await expectNoBlame(ids[0]);
    expect(await leases()).toBe(0);
    await deliver(ids, env);
    expect(await taskOf(ids[0])).toMatchObject({ status: "SUCCESS", attempts: 1 });
    expect(await taskOf(ids[1])).toMatchObject({ status: "FAILURE", attempts: 1 });
  });

  it.each<[string, SingleTask["run"]]>([
    [
      "a query",
      async (_task, { env: own }) => {
        await own.DB.prepare("SELECT 'asked in a run'").first();
        return { kind: "done" };
      },
    ],
    [
      "a step",
      async (task) => {
        await task.step("one", async () => "asked in a run");
        return { kind: "done" };
      },
    ],
    [
      "a checkpoint",
      async (task) => {
        await task.saveCheckpoint({ at: "asked in a run" });
        return { kind: "done" };
      },
    ],
  ])("in a run, at %s: it waits and keeps its attempt", async (_name, run) => {
    const definition = aDefinition({ run });
    const engine = new Engine([definition]);
    const [id = ""] = await storeTasks(env, definition, [{}]);
    const { tested } = failing(
      error,
      saying("'asked in a run'", "finished_steps =", "SET checkpoint ="),
    );
    expect(await deliver([id], tested, engine)).toEqual({ acked: [], retried: [id] });
    const row = await taskOf(id);
    expect(row).toMatchObject({ status: "RETRY", error_code: "database_unavailable" });
    await expectNoBlame(id);
  });
});

const batchTask: BatchTask = {
  ...aDefinition(),
  kind: "batch",
  input: z.unknown(),
  async runBatch(tasks, { env: own }) {
    await own.DB.prepare("SELECT 'asked in a batch'").first();
    return {
      outcomes: new Map(tasks.map(({ id }) => [id, { kind: "done" as const }])),
      stored: new Map(),
    };
  },
};

it("a stage of a batch that asks D1 in vain makes no suspects: all wait", async () => {
  const engine = new Engine([batchTask]);
  const ids = await storeTasks(env, batchTask, [{}, {}, {}]);
  const { tested } = failing("storage timeout", saying("'asked in a batch'"));
  expect(await deliver(ids, tested, engine)).toEqual({ acked: [], retried: ids });
  for (const id of ids) {
    expect((await taskOf(id)).error_code).toBe("database_unavailable");
    await expectNoBlame(id);
  }
});

describe("a timeout that passes while D1", () => {
  const STALL: D1Fault = { stallMs: 500 };

  /** Runs tasks while D1 does this at each call of a run in turn. */
  async function runWith(definition: BatchTask | SingleTask, inputs: unknown[], faults: D1Fault[]) {
    const left = [...faults];
    const asks = saying("'asked in a run'", "'asked in a batch'");
    const fault = (call: D1Call) => (asks(call) ? left.shift() : null);
    const ids = await storeTasks(env, definition, inputs);
    await deliver(ids, testEnv({ DB: strictD1(env.DB, { fault }) }), new Engine([definition]));
    return ids;
  }

  /**
   * Makes a task that asks D1, and whose clock is this much later while it waits for the answer.
   */
  const asking = (laterMs: number) =>
    aDefinition({
      timeoutMs: 100,
      async run(_task, { env: own }) {
        const answer = own.DB.prepare("SELECT 'asked in a run'").first();
        vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + laterMs });
        await answer;
        return { kind: "done" };
      },
    });

  it.each<[string, number, D1Fault[]]>([
    ["is asked again", 0, [{ error: "network lost" }, STALL]],
    ["does not answer", 11_000, [STALL]],
  ])("%s is not the task's", async (_name, laterMs, faults) => {
    const [id] = await runWith(asking(laterMs), [{}], faults);
    expect((await taskOf(id)).error_code).toBe("database_unavailable");
    await expectNoBlame(id);
  });

  it("is only slow is the task's", async () => {
    const [id] = await runWith(asking(0), [{}], [STALL]);
    expect(await taskOf(id)).toMatchObject({ error_code: "timeout", attempts: 1 });
  });

  it("is asked again for a batch makes no suspects", async () => {
    const faults = [{ error: "network lost" as const }, STALL];
    const ids = await runWith({ ...batchTask, timeoutMs: 100 }, [{}, {}], faults);
    await Promise.all(ids.map(expectNoBlame));
    expect((await taskOf(ids[0])).error_code).toBe("database_unavailable");
  });
});

it.each([
  ["waits within a day", 86_400_000, 500, { status: "RETRY", attempts: 0 }],
  ["waits when it met that seldom in a row", 3 * 86_400_000, 99, { status: "RETRY", attempts: 0 }],
  ["ends after two days", 3 * 86_400_000, 100, { status: "FAILURE", attempts: 1 }],
])("a task whose own SQL D1 cannot bear %s", async (_name, ms, deferrals, becomes) => {
  const definition = aDefinition({
    retry: () => ({ attempts: 1, baseMs: 1, maxMs: 1 }),
    async run(_task, { env: own }) {
      await own.DB.prepare("SELECT no_such_column FROM tasks").first();
      return { kind: "done" };
    },
  });
  const [id = ""] = await storeTasks(env, definition, [{}]);
  await env.DB.prepare("UPDATE tasks SET started_at = ?, deferrals = ? WHERE id = ?")
    .bind(Date.now() - ms, deferrals, id)
    .run();
  await deliver([id], testEnv(), new Engine([definition]));
  expect(await taskOf(id)).toMatchObject({ ...becomes, error_code: "database_unavailable" });
});

it("the same words from elsewhere are the task's own failure", async () => {
  const run = () => Promise.reject(new Error("Network connection lost."));
  const definition = aDefinition({ run });
  const [id = ""] = await storeTasks(env, definition, [{}]);
  await deliver([id], env, new Engine([definition]));
  expect(await taskOf(id)).toMatchObject({ status: "RETRY", error_code: "crashed", attempts: 1 });
});

it("a lease is given back for as long as it would last: D1 may be back by then", async () => {
  const ids = await storeOrders(env, [anOrder()]);
  let tries = 0;
  const { tested } = failing("network lost", ({ sql }) => {
    tries += sql.includes("DELETE FROM leases") ? 1 : 0;
    return sql.includes("DELETE FROM leases") && tries <= 5 + 12;
  });
  expect(await deliver(ids, tested)).toEqual({ acked: [], retried: ids });
  expect(await leases()).toBe(0);
  await expectNoBlame(ids[0]);
});

it("nothing is tried for the other suspects once D1 has failed for one", async () => {
  const ids = await storeOrders(
    env,
    Array.from({ length: 20 }, () => anOrder()),
  );
  await env.DB.prepare("UPDATE tasks SET suspect = 1 WHERE id >= ?").bind(ids[0]).run();
  let claims = 0;
  const { tested } = failing("network lost", ({ sql }) => {
    const isClaim = sql.includes("INSERT INTO leases");
    claims += isClaim ? 1 : 0;
    return isClaim && claims > 1;
  });
  expect((await deliver(ids, tested)).retried).toEqual(ids);
  // One claim is of all tasks together, which finds the suspects; five are tries for the first
  // suspect alone.
  expect(claims).toBe(1 + 5);
});

describe("a message, while D1 fails", () => {
  /** Returns how long a message is put off, by how often it was delivered before. */
  async function waitOf(attempts: number): Promise<number | "ack" | undefined> {
    const [id = ""] = await storeOrders(env, [anOrder()]);
    const message = { ...new StrictQueue().make({ v: 1, task_id: id }), attempts };
    const { batch, answers } = batchOf([message]);
    await consume(batch, failing("network lost", () => true).tested, orderEngine);
    const answer = answers.get(message.id);
    return typeof answer === "object" ? answer.delayMs : answer;
  }

  it("waits ever longer, up to a quarter of an hour", async () => {
    const waits = [await waitOf(0), await waitOf(3), await waitOf(6), await waitOf(40)];
    expect(waits).toEqual(waits.toSorted((a, b) => Number(a) - Number(b)));
    expect(waits[0]).toBeLessThanOrEqual(6000);
    expect(waits[3]).toBe(15 * 60_000);
  });

  it("is acked at its fiftieth delivery: the row is the way back", async () => {
    expect(await waitOf(48)).toBe(15 * 60_000);
    expect(await waitOf(49)).toBe("ack");
  });
});

describe("leases that lapsed while D1 stalled", () => {
  const STALL_MS = 70_000;

  async function stalled(alone: boolean) {
    vi.useFakeTimers({ toFake: ["Date"] });
    const ids = await storeOrders(env, alone ? [anOrder()] : [anOrder(), anOrder()]);
    await takeAndDie(ids);
    const before = Date.now();
    vi.setSystemTime(before + STALL_MS);
    return { ids, before };
  }

  it.each([
    ["the look before it failed", { wellSince: null }],
    ["no look came for as long", {}],
  ])("are left to whoever lives to extend: %s", async (_name, memory) => {
    const { ids, before } = await stalled(false);
    const tested = testEnv();
    const first = await recover(tested, Date.now(), { latest: before, ...memory });
    expect(first.lapsed).toBe(0);
    await env.DB.prepare("UPDATE leases SET expires_at = ?")
      .bind(Date.now() + LEASE_MS)
      .run();
    vi.setSystemTime(Date.now() + 15_000);
    const next = { latest: Date.now() - 15_000, wellSince: first.wellSince };
    expect((await recover(tested, Date.now(), next)).lapsed).toBe(0);
    await expectNoBlame(ids[0]);
    await deleteAllLeases();
  });

  it.each([true, false])(
    "of the dead are broken a heartbeat later, and nobody is blamed (alone: %s)",
    async (alone) => {
      const { ids, before } = await stalled(alone);
      const queue = new StrictQueue();
      const { wellSince } = await recover(testEnv(), Date.now(), {
        latest: before,
        wellSince: null,
      });
      vi.setSystemTime(Date.now() + 15_000);
      const sent: string[] = [];
      const QUEUE_ORDERS = {
        metrics: async () => queue.metrics(),
        sendBatch: async (messages: { body: { task_id: string } }[]) =>
          void sent.push(...messages.map(({ body }) => body.task_id)),
      };
      const memory = { latest: Date.now() - 15_000, wellSince };
      const { lapsed } = await recover(testEnv({ QUEUE_ORDERS }), Date.now(), memory);
      expect(lapsed).toBe(1);
      expect(ids.every((id) => sent.includes(id))).toBe(true);
      await Promise.all(ids.map(expectNoBlame));
      expect((await deliver(ids, testEnv())).acked).toEqual(ids);
    },
  );

  it("are broken within minutes though every look comes late, and nobody is blamed", async () => {
    await deleteAllLeases();
    const { ids } = await stalled(true);
    const lapsed: number[] = [];
    let memory: Memory = { wellSince: null };
    for (let minute = 0; minute <= 5; minute += 1) {
      const look = await recover(testEnv(), Date.now(), memory);
      lapsed.push(look.lapsed);
      memory = { ...look, latest: Date.now() };
      vi.setSystemTime(Date.now() + 60_000);
    }
    expect(lapsed).toEqual([0, 0, 0, 0, 0, 1]);
    await expectNoBlame(ids[0]);
  });

  it("but a worker that dies once D1 is well again is found as ever", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const wellSince = Date.now();
    const [id = ""] = await storeOrders(env, [anOrder()]);
    await takeAndDie([id]);
    vi.setSystemTime(wellSince + LEASE_MS + 1);
    const memory = { latest: Date.now() - 15_000, wellSince };
    expect((await recover(testEnv(), Date.now(), memory)).lapsed).toBe(1);
    const row = await env.DB.prepare("SELECT suspect, crashes FROM tasks WHERE id = ?")
      .bind(id)
      .first();
    expect(row).toEqual({ suspect: 1, crashes: 1 });
  });
});

async function deleteAllLeases(): Promise<void> {
  const { results } = await env.DB.prepare("SELECT token FROM leases").all<{ token: string }>();
  await Promise.all(results.map(({ token }) => deleteLease(env.DB, token).run()));
}

it("a heartbeat that D1 fails is made up for at once", async () => {
  const ids = await storeOrders(env, [anOrder()]);
  await takeAndDie(ids);
  // Other leases may be there, as the deployment's own consumer is at work too.
  const own = env.DB.prepare("SELECT token FROM leases WHERE task_ids = json_array(?)");
  const token = await own.bind(ids[0]).first<string>("token");
  let beats = 0;
  const fault = (): D1Fault | null => {
    beats += 1;
    return beats < 4 ? { error: "network lost" } : null;
  };
  const { DB } = guarded({ DB: strictD1(env.DB, { fault }) }, AT_ONCE);
  const left = async () => {
    const expiry = env.DB.prepare("SELECT expires_at FROM leases WHERE token = ?").bind(token);
    return ((await expiry.first<number>("expires_at")) ?? 0) - Date.now();
  };
  expect(await left()).toBeGreaterThan(LEASE_MS / 2);
  // The second beat comes after this test.
  const stop = startHeartbeat(DB, token ?? "", LEASE_MS / 20);
  await expect.poll(left, { timeout: 5000 }).toBeLessThan(LEASE_MS / 2);
  stop();
  expect(beats).toBe(4);
  await deleteAllLeases();
});
