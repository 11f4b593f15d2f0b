/** The place where a handler threw is kept for as long as its error is. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { exportTasks } from "../../../src/exports/tasks";
import { newBatchId } from "../../../src/lib/ids";
import { actOn } from "../../../src/tasks/commands/actions";
import type { Outcome } from "../../../src/tasks/model/define";
import { Engine } from "../../../src/tasks/model/engine";
import { recover } from "../../../src/tasks/recovery/recover";
import { adminSession, call, masterKey } from "../../support/api";
import { seedTasks } from "../../support/api-rows";
import { visit } from "../../support/console";
import {
  deliver,
  lapseLeases,
  passWaits,
  storeTasks,
  takeAndDie,
  taskOf,
} from "../../support/engine";
import { deafQueue, testEnv } from "../../support/engine";
import { textOf } from "../../support/exported";
import { clearTasks } from "../../support/recount";
import { aDefinition } from "../../support/tasks";

const BY = { by: "user:operator" };
const quiet = testEnv({ QUEUE_TASKS: deafQueue, QUEUE_ORDERS: deafQueue });

beforeEach(clearTasks);

function addUp(): never {
  throw new Error("no sum", { cause: new TypeError("no number") });
}

/** Makes a task with these runs in turn, the last of which repeats. */
async function aTask(...runs: (() => Promise<Outcome>)[]) {
  let count = 0;
  const run = () => (runs[Math.min(count++, runs.length - 1)] ?? addUp)();
  const definition = aDefinition({ run });
  const engine = new Engine([definition]);
  const [id = ""] = await storeTasks(env, definition, [1]);
  const again = async () => {
    await passWaits([id]);
    await deliver([id], quiet, engine);
    return taskOf(id);
  };
  return { id, engine, again };
}
const throwing = async (): Promise<Outcome> => addUp();
const done = async (): Promise<Outcome> => ({ kind: "done" });

describe("the traceback of a task of this system", () => {
  it("says where its handler threw, and what caused it", async () => {
    const { again } = await aTask(throwing);
    const { error_code, error_message, error_traceback } = await again();
    expect([error_code, error_message]).toEqual(["crashed", "no sum"]);
    expect(error_traceback).toMatch(/^Error: no sum\n\s+at addUp.*tracebacks\.test/);
    expect(error_traceback).toMatch(/\n\nCaused by: TypeError: no number\n\s+at addUp/);
  });

  it("is that of the last attempt, once these are used up", async () => {
    const { again } = await aTask(throwing);
    await again();
    await again();
    const last = await again();
    expect(last).toMatchObject({ status: "FAILURE", attempts: 3 });
    expect(last.error_traceback).toContain("at addUp");
  });

  it("is bounded, whatever is thrown, and ends though causes go round", async () => {
    const round = new Error("r".repeat(100_000));
    round.cause = round;
    const { again } = await aTask(() => Promise.reject(round));
    const { error_traceback } = await again();
    expect(error_traceback?.length).toBe(16_000);
    const noError = await aTask(() => Promise.reject("a word"));
    expect(await noError.again()).toMatchObject({
      error_message: "a word",
      error_traceback: null,
    });
  });

  it.each([
    ["a success", done, "SUCCESS"],
    [
      "another failure",
      async () => ({ kind: "reject", reason: { code: "bad", message: "no" } }) as const,
      "FAILURE",
    ],
    [
      "another wait",
      async () => ({ kind: "defer", reason: { code: "busy", message: "no" } }) as const,
      "RETRY",
    ],
  ])("goes with its error: %s", async (_what, next, status) => {
    const { again } = await aTask(throwing, next);
    expect((await again()).error_traceback).toContain("addUp");
    expect(await again()).toMatchObject({ status, error_traceback: null });
  });

  it("goes with its error: cancelled, or run again", async () => {
    const { id, engine, again } = await aTask(throwing);
    await again();
    await actOn(quiet, engine, "cancel", id, BY);
    expect(await taskOf(id)).toMatchObject({ error_code: "cancelled", error_traceback: null });
    await actOn(quiet, engine, "retry", id, BY);
    for (let attempt = 0; attempt < 3; attempt++) {
      await again();
    }
    expect(await taskOf(id)).toMatchObject({ status: "FAILURE", error_code: "crashed" });
    await actOn(quiet, engine, "retry", id, BY);
    expect(await taskOf(id)).toMatchObject({ status: "PENDING", error_traceback: null });
  });

  it("goes with its error: a worker that died", async () => {
    const { id, again } = await aTask(throwing);
    await again();
    await passWaits([id]);
    expect(await takeAndDie([id])).toBe(1);
    await lapseLeases();
    await recover(quiet, Date.now());
    expect(await taskOf(id)).toMatchObject({ error_code: "worker_crashed", error_traceback: null });
  });
});

describe("the traceback that a version which does not know it left behind", () => {
  it.each(["SUCCESS", "REVOKED", "PENDING"] as const)("is not shown of a %s", async (status) => {
    const [{ id } = { id: "" }] = await seedTasks(newBatchId(Date.now()), [status]);
    await env.DB.prepare("UPDATE tasks SET error_traceback = 'left behind' WHERE id = ?")
      .bind(id)
      .run();
    const key = await masterKey();
    const shows = async (path: string) => (await call(path, { key })).text();
    const one = await shows(`/api/tasks/executions/${id}/`);
    expect(JSON.parse(one)).toMatchObject({ status, error_traceback: "" });
    const old = await shows(`/api/task-manager/tasks/status/${id}/`);
    expect(JSON.parse(old)).toMatchObject({ error_traceback: "", flower_traceback: "" });
    const list = await shows("/api/tasks/executions/");
    const page = await visit(`/admin/tasks/${id}`, { cookie: await adminSession() });
    const [file = ""] = await storeTasks(env, exportTasks, [{ formato: "ndjson", filter: {} }]);
    await deliver([file], quiet, new Engine([exportTasks]));
    for (const text of [one, old, list, await page.text(), await textOf(file)]) {
      expect(text).toContain(id);
      expect(text).not.toContain("left behind");
    }
  });
});
