/** A consumer lives 15 minutes, which no run may outlast. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SingleTask } from "../../../src/tasks/model/define";
import { Engine } from "../../../src/tasks/model/engine";
import { countingDatabase } from "../../support/counting";
import { door } from "../../support/door";
import { deliver, storeTasks, taskOf, testEnv } from "../../support/engine";
import { faultyDatabase } from "../../support/faults";
import { clearTasks } from "../../support/recount";
import { aDefinition } from "../../support/tasks";

const MINUTE = 60_000;

beforeEach(clearTasks);

afterEach(() => {
  vi.useRealTimers();
});

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** Makes a definition whose runs take this long, and notes those that ran. */
function taking(ms: number, overrides: Partial<SingleTask> = {}) {
  const ran: string[] = [];
  const definition = aDefinition({
    name: `test.${crypto.randomUUID()}`,
    timeoutMs: 14 * MINUTE,
    run: async ({ id }) => {
      ran.push(id);
      pass(ms);
      return { kind: "done" };
    },
    ...overrides,
  });
  return { definition, ran, engine: new Engine([definition]) };
}

async function countLeases(): Promise<number | null> {
  return env.DB.prepare("SELECT count(*) AS n FROM leases").first<number>("n");
}

describe("a delivery of suspects", () => {
  it("begins only those that must end while its consumer lives, and gives the rest back", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { definition, ran, engine } = taking(4 * MINUTE, { timeoutMs: 5 * MINUTE });
    const ids = await storeTasks(env, definition, [1, 2, 3, 4, 5]);
    await env.DB.prepare("UPDATE tasks SET suspect = 1, crashes = 1").run();
    const began = Date.now();
    expect(await deliver(ids, env, engine)).toEqual({
      acked: ids.slice(0, 3),
      retried: ids.slice(3),
    });
    expect(ran).toEqual(ids.slice(0, 3));
    expect(Date.now() - began).toBeLessThan(15 * MINUTE);
    expect(await countLeases()).toBe(0);
    const rest = await env.DB.prepare(
      "SELECT DISTINCT status, suspect, crashes, attempts FROM tasks WHERE status <> 'SUCCESS'",
    ).all();
    expect(rest.results).toEqual([{ status: "PENDING", suspect: 1, crashes: 1, attempts: 0 }]);
    expect(await deliver(ids.slice(3), env, engine)).toMatchObject({ acked: ids.slice(3) });
    expect(ran).toEqual(ids);
  });

  it("runs as many of those that are quick as D1 has answers for", async () => {
    const { definition, ran, engine } = taking(0);
    const inputs = Array.from({ length: 100 }, (_, n) => n);
    const ids = await storeTasks(env, definition, inputs);
    await env.DB.prepare("UPDATE tasks SET suspect = 1").run();
    const { DB, counts } = countingDatabase();
    const answered = await deliver(ids, testEnv({ DB }), engine);
    expect(answered).toEqual({ acked: ids.slice(0, 50), retried: ids.slice(50) });
    expect(ran).toEqual(answered.acked);
    expect(counts.statements).toBeLessThan(500);
  });
});

describe("a delivery that D1 kept waiting before it could begin", () => {
  it.each([
    ["is given back when what it brought may take the rest of its consumer's life", 31_000, 0],
    ["runs when that still fits", 29_000, 1],
  ])("%s", async (_name, stallMs, runs) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { definition, ran, engine } = taking(0);
    const ids = await storeTasks(env, definition, [1]);
    const DB = faultyDatabase((sql) => {
      pass(sql.includes("INSERT INTO leases") ? stallMs : 0);
      return null;
    });
    const answered = await deliver(ids, testEnv({ DB }), engine);
    expect(ran).toHaveLength(runs);
    expect(answered.retried).toHaveLength(1 - runs);
    expect(await countLeases()).toBe(0);
    expect(await taskOf(ids[0])).toMatchObject({ attempts: runs, error_code: null });
  });
});

it("tasks of several definitions in one delivery run side by side", async () => {
  const doors = [door(), door()];
  const definitions = doors.map((mine, index) =>
    aDefinition({
      name: `test.side-${index}`,
      run: async () => {
        void mine.pass();
        await doors[1 - index]?.reached;
        return { kind: "done" };
      },
    }),
  );
  const stored = await Promise.all(
    definitions.map((definition) => storeTasks(env, definition, [1])),
  );
  await deliver(stored.flat(), env, new Engine(definitions));
  for (const [id] of stored) {
    expect((await taskOf(id)).status).toBe("SUCCESS");
  }
});

it("a row that an older version gave a day runs for 14 minutes, and says so", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const begun = door();
  const { definition, engine } = taking(0, {
    run: async (_task, { signal }) => {
      void begun.pass();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { kind: "done" };
    },
  });
  const ids = await storeTasks(env, definition, [1]);
  await env.DB.prepare("UPDATE tasks SET timeout_ms = 86400000").run();
  const running = deliver(ids, env, engine);
  await begun.reached;
  await vi.advanceTimersByTimeAsync(14 * MINUTE - 1);
  expect((await taskOf(ids[0])).error_code).toBeNull();
  await vi.advanceTimersByTimeAsync(1);
  await running;
  expect(await taskOf(ids[0])).toMatchObject({
    error_code: "timeout",
    error_message: "The task did not end within 840 s",
  });
});
