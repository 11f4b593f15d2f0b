/**
 * Programs of the old task manager work unchanged. Each test is a row of docs/old-task-manager.md,
 * and compares the values that such a program reads; what is new beside them it does not see. Tests
 * make users and tasks of their own, so their order does not matter.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalSite, serveLocally } from "../../scripts/harness/local-site.ts";
import { describeInBrowser, openBrowser, signIn as signInBrowser, useBrowser } from "./browser";
import type { State, Task } from "./old-client/answers";
import { type Caller, get, makeKey, makePerson, send, signIn } from "./old-client/caller";
import * as program from "./old-client/own-routes";
import { servePanel } from "./old-client/page";
import {
  cancelTask,
  cancelUserTasks,
  createTaskTemplate,
  finishTask,
  getExecution,
  getModuleStats,
  getUserTasks,
  listExecutions,
  listNotifications,
  listTemplates,
  listWorkers,
  startTaskTracking,
  updateTaskProgress,
} from "./old-client/script";
import { hasReact } from "./react";
import { type Server, startServer } from "./server";

type User = Caller & { id: string; name: string };

const TIME: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const TEXT: unknown = expect.any(String);
const NUMBER: unknown = expect.any(Number);
const WORDS: unknown = expect.stringMatching(/\S/);

const ROW_FIELDS = `
  id task_id task_name task_module description status progress_percentage progress current_step
  total_steps created_at started_at completed_at updated_at user user_name context_data result_data
  error_message error_traceback timeout_seconds retry_count max_retries worker_name queue_name
  duration_seconds is_finished unread_notifications`
  .trim()
  .split(/\s+/);
const TASK_FIELDS = [...ROW_FIELDS, "is_running", "is_successful", "notifications"];
/** The old answers had null for these fields only. */
const MAY_BE_NULL = ["started_at", "completed_at", "user", "user_name"];
const NOTIFICATION_FIELDS = ["id", "type", "title", "message", "details", "created_at", "read"];
/** These fields come with `flower_timestamp`, a time. */
const FLOWER_FIELDS = [
  "flower_state",
  "flower_result",
  "flower_traceback",
  "flower_worker",
  "flower_runtime",
];
const SCOPES = ["tasks:read", "tasks:write", "tasks:track"];
const NO_STATES = { PENDING: 0, STARTED: 0, SUCCESS: 0, FAILURE: 0, REVOKED: 0 };
const NO_STATS = { total: 0, pending: 0, started: 0, success: 0, failure: 0, revoked: 0 };

let server: Server;
let admin: User;
let catalogue: LocalSite;
let made = 0;

beforeAll(async () => {
  // The catalogue has no product, and is slow to say so of some, so that orders of these are at
  // work for long enough.
  catalogue = await serveLocally((request, response) => {
    const isSlow = request.url?.startsWith("/products/9") ?? false;
    setTimeout(() => response.writeHead(404).end(), isSlow ? 5000 : 0);
  });
  server = await startServer({ vars: { CATALOGUE_URL: catalogue.url } });
  admin = await signIn(server.url, server.admin);
});
afterAll(() => catalogue.close());

/** Makes a user of the test's own: a key, whose name says for what. */
function newUser(scopes = SCOPES): Promise<User> {
  return makeKey(admin, `old-program-${++made}`, scopes);
}

/** Makes somebody who signs in and is no administrator. */
function newPerson(role: "viewer" | "operator") {
  return makePerson(admin, `person-${++made}`, role);
}

const newName = (name: string) => `${name}.${++made}`;

async function track(
  user: User,
  name: string,
  {
    module = "nomina",
    ...more
  }: Parameters<typeof startTaskTracking>[4] & { module?: string } = {},
): Promise<Task> {
  const { status, body } = await startTaskTracking(user, crypto.randomUUID(), name, module, more);
  expect(body).toMatchObject({ task_name: name, task_module: module });
  expect(status).toBe(201);
  return body;
}

async function finish(
  user: User,
  task: Task,
  ...end: [boolean, Parameters<typeof finishTask>[3]?]
) {
  const { status, body } = await finishTask(user, task.id, ...end);
  expect(body).toMatchObject({ status: end[0] ? "SUCCESS" : "FAILURE" });
  expect(status).toBe(200);
  return body;
}

async function cancel(user: User, task: Task): Promise<void> {
  expect((await cancelTask(user, task.task_id)).status).toBe(200);
}

/** Makes one task in each of the states that tracked work can be in. */
async function inEachState(user: User, name: string, module?: string) {
  const pending = await track(user, name, { module, status: "PENDING" });
  const started = await track(user, name, { module });
  const success = await track(user, name, { module });
  const failure = await track(user, name, { module });
  const revoked = await track(user, name, { module });
  await finish(user, success, true, { result_data: { rows: 3 } });
  await finish(user, failure, false, { error_message: "No database" });
  await cancel(user, revoked);
  return { pending, started, success, failure, revoked };
}

function pick(row: object, fields: string[]): Record<string, unknown> {
  const all = row as Record<string, unknown>;
  return Object.fromEntries(fields.map((field) => [field, all[field]]));
}

/** Returns those of the old fields that are missing, or null where the old answers had none. */
function lacking(row: object, fields: string[]): string[] {
  return fields.filter((field) => {
    const value = (row as Record<string, unknown>)[field];
    return value === undefined || (value === null && !MAY_BE_NULL.includes(field));
  });
}

const idsOf = (rows: { task_id: string }[]) => rows.map((row) => row.task_id);

/** Makes a text of words that differ, so that it shows where it was cut. */
function textOf(length: number): string {
  return Array.from({ length: length / 4 + 1 }, (_, i) => `línea ${i}\n`)
    .join("")
    .slice(0, length);
}

/** Checks that a text is whole, or cut with a mark, and that what is left is where it was. */
function expectKept(field: string, kept: unknown, text: string): void {
  if (kept === text) {
    return;
  }
  expect.soft(kept, `${field} has a mark`).toEqual(expect.stringContaining("…"));
  const parts = String(kept).split("…");
  expect.soft(text.startsWith(parts[0] ?? ""), `${field} begins as it was sent`).toBe(true);
  expect.soft(String(kept).length, `${field} keeps enough`).toBeGreaterThanOrEqual(500);
}

/** Sends an order that has a consumer at work for five seconds. */
async function sendSlowOrder(): Promise<string> {
  await untilNobodyWorks();
  const id = `OLD-${Date.now()}-${++made}`;
  const order = { id, cliente: "ACME Corp", productos: [{ sku: `P9${made}`, cantidad: 1 }] };
  type Sent = { tareas: { task_id: string }[] };
  const { status, body } = await send<Sent>(admin, "POST", "/api/pedidos", order);
  expect(status).toBe(202);
  return body.tareas[0]?.task_id ?? "";
}

const untilStatus = (id: string, status: State) =>
  expect
    .poll(async () => (await getExecution(admin, id)).body.status, { timeout: 20_000 })
    .toBe(status);

const untilNobodyWorks = () =>
  expect.poll(async () => (await listWorkers(admin)).body, { timeout: 20_000 }).toEqual([]);

describe("front end: GET executions/", () => {
  it("takes the bare id of a user, and answers data.results with what the page reads", async () => {
    const me = await newUser();
    const name = newName("nomina.calcular");
    const first = await track(me, name);
    const second = await track(me, name);
    await updateTaskProgress(me, second.id, 40);
    const { status, body } = await listExecutions(me, { user: me.id });
    expect(status).toBe(200);
    expect(body).toMatchObject({ count: 2, next: null, previous: null });
    const read = ["id", "task_id", "task_name", "progress"];
    expect(body.results.map((row) => pick(row, read))).toEqual([
      { id: second.id, task_id: second.task_id, task_name: name, progress: 40 },
      { id: first.id, task_id: first.task_id, task_name: name, progress: 0 },
    ]);
    expect(body.results.map((row) => row.progress_percentage)).toEqual([40, 0]);
  });

  it("takes key:ID and user:ID too, which are what requested_by says", async () => {
    const me = await newUser();
    const person = await newPerson("operator");
    const mine = await track(me, newName("nomina.calcular"));
    const theirs = await track(me, newName("nomina.calcular"), { user: person.id });
    expect(mine).toMatchObject({
      user: me.id,
      user_name: me.name,
      requested_by: `key:${me.id}`,
    });
    expect(theirs).toMatchObject({
      user: person.id,
      user_name: person.name,
      requested_by: `user:${person.id}`,
    });
    for (const [user, expected] of [
      [me.id, mine],
      [`key:${me.id}`, mine],
      [person.id, theirs],
      [`user:${person.id}`, theirs],
    ] as const) {
      const { body } = await listExecutions(me, { user });
      expect(idsOf(body.results), user).toEqual([expected.task_id]);
    }
  });

  it("filters by task_module and status", async () => {
    const me = await newUser();
    const name = newName("api.llamar");
    const tasks = await inEachState(me, name, "api");
    await track(me, name, { module: "system" });
    for (const [state, task] of Object.entries(tasks)) {
      const status = state.toUpperCase();
      const { body } = await listExecutions(me, { user: me.id, task_module: "api", status });
      expect(idsOf(body.results), status).toEqual([task.task_id]);
      expect(body.results[0]?.status).toBe(status);
    }
  });

  it("orders by created_at either way, the newest first unless told", async () => {
    const me = await newUser();
    const name = newName("nomina.calcular");
    const ids = [];
    for (let i = 0; i < 3; i += 1) {
      ids.push((await track(me, name)).task_id);
      await sleep(5);
    }
    const ordered = async (query: Record<string, string>) =>
      idsOf((await listExecutions(me, { user: me.id, ...query })).body.results);
    expect(await ordered({ ordering: "created_at" })).toEqual(ids);
    ids.reverse();
    expect(await ordered({})).toEqual(ids);
    expect(await ordered({ ordering: "-created_at" })).toEqual(ids);
  });

  it("refuses an ordering that no index can follow, and says which it takes", async () => {
    const me = await newUser();
    const answer = await listExecutions(me, { ordering: "result_data" });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toMatch(/ordering/);
    expect(JSON.stringify(answer.body)).toMatch(/-?created_at/);
  });

  it("refuses a query name that it does not know, and says which it may have meant", async () => {
    const me = await newUser();
    const answer = await listExecutions(me, { statuss: "FAILURE" });
    expect(answer.status).toBe(400);
    const { detail } = answer.body as unknown as { detail: string };
    expect(detail).toMatch(/\bstatuss\b/);
    expect(detail).toMatch(/\bstatus\b/);
  });

  it("answers one task by its id and by its task_id", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"), { description: "Enero" });
    const byId = await getExecution(me, task.id);
    const byTaskId = await getExecution(me, task.task_id);
    expect(byId.body).toMatchObject({ id: task.id, task_id: task.task_id, description: "Enero" });
    expect(pick(byTaskId.body, ["id", "task_id", "description"])).toEqual(
      pick(byId.body, ["id", "task_id", "description"]),
    );
    expect((await getExecution(me, crypto.randomUUID())).status).toBe(404);
  });
});

describe("front end: GET workers/ and POST cancel/", () => {
  it("answers an array with an entry per consumer at work", async () => {
    const id = await sendSlowOrder();
    await untilStatus(id, "STARTED");
    const { status, body } = await listWorkers(admin);
    expect(status).toBe(200);
    expect(body).toHaveLength(1);
    const fields = ["worker", "queue", "since", "lease_expires_at", "batch_size", "tasks"];
    expect(lacking(body[0] ?? {}, fields)).toEqual([]);
    expect(body[0]).toMatchObject({ worker: WORDS, queue: WORDS, since: TIME, batch_size: 1 });
    await untilStatus(id, "FAILURE");
    await expect.poll(async () => (await listWorkers(admin)).body, { timeout: 20_000 }).toEqual([]);
  });

  it("takes a session's cookie and no body, and answers 409 with the state after the end", async () => {
    const person = await newPerson("operator");
    const key = await newUser();
    const task = await track(key, newName("nomina.calcular"), { user: person.id });
    const first = await cancelTask(person, task.task_id);
    expect(first.status).toBe(200);
    expect((await getExecution(person, task.id)).body).toMatchObject({
      status: "REVOKED",
      is_finished: true,
      is_running: false,
      is_successful: false,
      completed_at: TIME,
    });
    const second = await cancelTask(person, task.task_id);
    expect(second.status).toBe(409);
    expect(second.body).toMatchObject({ state: "REVOKED" });
    const done = await track(key, newName("nomina.calcular"), { user: person.id });
    await finish(key, done, true);
    const late = await cancelTask(person, done.task_id);
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({ state: "SUCCESS" });
  });

  it("takes the cookie from its own origin only", async () => {
    const task = await track(admin, newName("nomina.calcular"));
    const headers = { ...admin.headers, origin: "https://elsewhere.example" };
    expect((await cancelTask({ ...admin, headers }, task.task_id)).status).toBe(403);
    expect((await getExecution(admin, task.id)).body.status).toBe("STARTED");
  });
});

describe("get_module_stats", () => {
  it("success_rate is successes of all in percent, by_status has the five, by_task_name counts", async () => {
    const me = await newUser();
    const module = "stats_ratio";
    const failed = await track(me, "ratio.fails", { module });
    await finish(me, failed, false, { error_message: "Saldo negativo" });
    await finish(me, await track(me, "ratio.works", { module }), true);
    for (let i = 0; i < 8; i += 1) {
      await cancel(me, await track(me, "ratio.works", { module }));
    }
    const { status, body } = await getModuleStats(me, module, 7);
    expect(status).toBe(200);
    expect(body.total_tasks).toBe(10);
    expect(body.success_rate).toBe(10);
    expect(body.by_status).toEqual({ ...NO_STATES, SUCCESS: 1, FAILURE: 1, REVOKED: 8 });
    expect(body.by_task_name).toEqual({ "ratio.works": 9, "ratio.fails": 1 });
    expect(body.recent_failures).toEqual([
      {
        task_name: "ratio.fails",
        error_message: "Saldo negativo",
        created_at: failed.created_at,
        user: me.name,
        task_id: failed.task_id,
        error_code: (body.recent_failures[0] ?? {}).error_code,
      },
    ]);
    expect(body.outcomes_by_task_name).toEqual({
      "ratio.works": { total: 9, success: 1, failure: 0 },
      "ratio.fails": { total: 1, success: 0, failure: 1 },
    });
  });

  it("counts what has not ended under PENDING and STARTED, without a success or a duration", async () => {
    const me = await newUser();
    const module = "stats_open";
    await track(me, "open.waits", { module, status: "PENDING" });
    await track(me, "open.runs", { module });
    await track(me, "open.runs", { module });
    const { body } = await getModuleStats(me, module);
    expect(body).toMatchObject({
      total_tasks: 3,
      success_rate: 0,
      avg_duration: 0,
      by_task_name: { "open.waits": 1, "open.runs": 2 },
      recent_failures: [],
    });
    expect(body.by_status).toEqual({ ...NO_STATES, PENDING: 1, STARTED: 2 });
  });

  it("is all zeros for a module without tasks", async () => {
    const me = await newUser();
    const { status, body } = await getModuleStats(me, "stats_none");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      total_tasks: 0,
      success_rate: 0,
      avg_duration: 0,
      by_task_name: {},
      recent_failures: [],
    });
    expect(body.by_status).toEqual(NO_STATES);
  });

  it("avg_duration is in seconds", async () => {
    const me = await newUser();
    const module = "stats_duration";
    const task = await track(me, "duration.takes", { module });
    await sleep(1200);
    const ended = await finish(me, task, true);
    expect(ended.duration_seconds).toBeGreaterThanOrEqual(1.1);
    const { body } = await getModuleStats(me, module);
    expect(body.avg_duration).toBeGreaterThanOrEqual(1);
    expect(body.avg_duration).toBeLessThan(60);
    expect(body.p50_duration).toBeGreaterThan(0);
    expect(body.p95_duration).toBeGreaterThan(0);
  });

  it("takes any positive number of days", async () => {
    const me = await newUser();
    const module = "stats_days";
    await finish(me, await track(me, "days.works", { module }), true);
    for (const days of [1, 7, 90, 365, 3650]) {
      const { status, body } = await getModuleStats(me, module, days);
      expect(status, `${days} days`).toBe(200);
      expect(body, `${days} days`).toMatchObject({ total_tasks: 1, success_rate: 100 });
    }
    for (const days of [0, -7]) {
      expect((await getModuleStats(me, module, days)).status, `${days} days`).toBe(400);
    }
  });

  it("recent_failures are the latest five at most", async () => {
    const me = await newUser();
    const module = "stats_failures";
    const messages = [];
    for (let i = 1; i <= 7; i += 1) {
      const task = await track(me, "failures.fails", { module });
      await finish(me, task, false, { error_message: `Failure ${i}` });
      messages.unshift(`Failure ${i}`);
      await sleep(5);
    }
    const { body } = await getModuleStats(me, module);
    expect(body.by_status.FAILURE).toBe(7);
    expect(body.recent_failures.map((failure) => failure.error_message)).toEqual(
      messages.slice(0, 5),
    );
  });
});

describe("get_user_tasks", () => {
  it("answers {tasks, stats}, each task with exactly its fields", async () => {
    const me = await newUser();
    const name = newName("contabilidad.cerrar");
    const tasks = await inEachState(me, name, "contabilidad");
    const progress = await updateTaskProgress(me, tasks.started.id, 30, "A third");
    expect(progress.status).toBe(200);
    const { status, body } = await getUserTasks(me);
    expect(status).toBe(200);
    expect(idsOf(body.tasks)).toEqual(
      [tasks.revoked, tasks.failure, tasks.success, tasks.started, tasks.pending].map(
        (task) => task.task_id,
      ),
    );
    const common = {
      task_name: name,
      task_module: "contabilidad",
      description: "",
      created_at: TIME,
      updated_at: TIME,
    };
    const byId = (task: Task) => body.tasks.find((row) => row.id === task.id);
    expect(byId(tasks.success)).toEqual({
      ...common,
      id: tasks.success.id,
      task_id: tasks.success.task_id,
      status: "SUCCESS",
      progress: 100,
      result: { rows: 3 },
      error_message: "",
    });
    expect(byId(tasks.failure)).toEqual({
      ...common,
      id: tasks.failure.id,
      task_id: tasks.failure.task_id,
      status: "FAILURE",
      progress: 0,
      result: {},
      error_message: "No database",
    });
    expect(byId(tasks.started)).toMatchObject({ progress: 30, result: {}, error_message: "" });
    expect(body.stats).toMatchObject({
      total: 5,
      pending: 1,
      started: 1,
      success: 1,
      failure: 1,
      revoked: 1,
    });
  });

  it("filters by module (or task_module) and status, and counts what matches", async () => {
    const me = await newUser();
    const name = newName("contabilidad.cerrar");
    const there = await inEachState(me, name, "contabilidad");
    await inEachState(me, name, "system");
    const byModule = await getUserTasks(me, { module: "contabilidad" });
    expect(byModule.body.tasks).toHaveLength(5);
    expect(byModule.body.stats).toMatchObject({ total: 5, success: 1 });
    const byOtherName = await getUserTasks(me, { task_module: "contabilidad" });
    expect(byOtherName.body.tasks).toEqual(byModule.body.tasks);
    const failed = await getUserTasks(me, { module: "contabilidad", status: "FAILURE" });
    expect(idsOf(failed.body.tasks)).toEqual([there.failure.task_id]);
    expect(failed.body.stats).toMatchObject({ ...NO_STATS, total: 1, failure: 1 });
    const waiting = await getUserTasks(me, { status: "PENDING" });
    expect(waiting.body.tasks).toHaveLength(2);
    expect(waiting.body.stats).toMatchObject({ ...NO_STATS, total: 2, pending: 2 });
  });

  it("answers 50 unless told another limit, and stats of all that match", async () => {
    const me = await newUser();
    const name = newName("contabilidad.cerrar");
    await Promise.all(Array.from({ length: 52 }, () => track(me, name)));
    const { body } = await getUserTasks(me);
    expect(body.tasks).toHaveLength(50);
    expect(body.stats).toMatchObject({ ...NO_STATS, total: 52, started: 52 });
    const few = await getUserTasks(me, { limit: 3 });
    expect(idsOf(few.body.tasks)).toEqual(idsOf(body.tasks).slice(0, 3));
    expect(few.body.stats.total).toBe(52);
  });

  it("answers for another user whom has tasks:read", async () => {
    const me = await newUser();
    const boss = await newUser(["tasks:read"]);
    const stranger = await newUser(["tasks:track"]);
    const task = await track(me, newName("nomina.calcular"));
    expect(idsOf((await getUserTasks(boss, { user: me.id })).body.tasks)).toEqual([task.task_id]);
    expect((await getUserTasks(boss)).body).toMatchObject({ tasks: [], stats: NO_STATS });
    expect((await getUserTasks(stranger, { user: me.id })).status).toBe(403);
    expect((await getUserTasks(stranger)).body).toMatchObject({ tasks: [], stats: NO_STATS });
  });

  it("has whole tasks beside them, paged", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"));
    const { body } = await getUserTasks(me);
    expect(body).toMatchObject({ count: 1, next: null, previous: null });
    expect(body.results.map((row) => lacking(row, ROW_FIELDS))).toEqual([[]]);
    expect(body.results[0]).toMatchObject({ id: task.id, user_name: me.name });
  });
});

describe("cancel_user_tasks", () => {
  it("ends the caller's own PENDING and STARTED, and counts them", async () => {
    const me = await newUser();
    const other = await newUser();
    const name = newName("nomina.calcular");
    const tasks = await inEachState(me, name);
    await track(me, name);
    const theirs = await track(other, name);
    const { status, body } = await cancelUserTasks(me);
    expect(status).toBe(200);
    expect(body).toMatchObject({ cancelled: 3, failed: 0, total_attempted: 3 });
    expect((await getUserTasks(me)).body.stats).toMatchObject({
      ...NO_STATS,
      total: 6,
      success: 1,
      failure: 1,
      revoked: 4,
    });
    expect((await getExecution(me, tasks.pending.id)).body.status).toBe("REVOKED");
    expect((await getExecution(other, theirs.id)).body.status).toBe("STARTED");
    expect((await cancelUserTasks(me)).body).toMatchObject({
      cancelled: 0,
      failed: 0,
      total_attempted: 0,
    });
  });

  it("keeps to a module, by either name, and to a task's name", async () => {
    const me = await newUser();
    const name = newName("nomina.calcular");
    const otherName = newName("nomina.enviar");
    for (const module of ["nomina", "api", "system"]) {
      await track(me, name, { module });
      await track(me, otherName, { module });
    }
    const one = { cancelled: 1, failed: 0, total_attempted: 1 };
    const two = { cancelled: 2, failed: 0, total_attempted: 2 };
    expect((await cancelUserTasks(me, { module: "api", task_name: name })).body).toMatchObject(one);
    expect((await cancelUserTasks(me, { task_module: "system" })).body).toMatchObject(two);
    expect((await cancelUserTasks(me, { task_name: otherName })).body).toMatchObject(two);
    const { body } = await getUserTasks(me, { status: "STARTED" });
    expect(body.tasks).toMatchObject([{ task_name: name, task_module: "nomina" }]);
    expect(body.stats).toMatchObject({ ...NO_STATS, total: 1, started: 1 });
  });

  it("ends another user's for whom may", async () => {
    const me = await newUser();
    const stranger = await newUser(["tasks:track"]);
    const task = await track(me, newName("nomina.calcular"));
    expect((await cancelUserTasks(stranger, { user: me.id })).status).toBe(403);
    expect((await getExecution(me, task.id)).body.status).toBe("STARTED");
    const { body } = await cancelUserTasks(admin, { user: me.id });
    expect(body).toMatchObject({ cancelled: 1, failed: 0, total_attempted: 1 });
    expect((await getExecution(me, task.id)).body.status).toBe("REVOKED");
  });
});

describe("create_task_template", () => {
  const fields = () => ({
    name: newName("Cierre"),
    task_name: newName("contabilidad.cerrar"),
    module: "contabilidad",
    description: "Cierra un mes",
    default_parameters: { year: 2026, deep: { months: [1, 2] } },
    estimated_duration: 90,
    default_timeout: 120,
    default_max_retries: 5,
    typical_steps: ["Leer", "Sumar", "Escribir"],
    notification_settings: {
      notify_on_start: true,
      notify_on_complete: true,
      notify_on_error: false,
      notify_on_progress: 25,
    },
    is_active: false,
  });

  it("gives back all that was set, then and in the lists", async () => {
    const me = await newUser();
    const set = fields();
    const { status, body } = await createTaskTemplate(me, set);
    expect(body).toMatchObject(set);
    expect([200, 201]).toContain(status);
    const lists = [await listTemplates(me), await program.templates(admin, "contabilidad")];
    for (const list of lists) {
      expect(list.status).toBe(200);
      expect(list.body.results.filter((row) => row.name === set.name)).toMatchObject([set]);
    }
    const others = await program.templates(admin, "nomina");
    expect(others.body.results.map((row) => row.name)).not.toContain(set.name);
  });

  it("has defaults, and updates the one of that name", async () => {
    const me = await newUser();
    const { name, task_name, module } = fields();
    const first = await createTaskTemplate(me, { name, task_name, module });
    expect(first.body).toMatchObject({
      name,
      task_name,
      module,
      description: "",
      default_parameters: {},
      estimated_duration: 60,
      is_active: true,
    });
    const second = await createTaskTemplate(me, {
      name,
      task_name,
      module,
      description: "Otra",
      estimated_duration: 5,
    });
    expect(second.status).toBe(200);
    expect(second.body).toMatchObject({ name, description: "Otra", estimated_duration: 5 });
    const { results } = (await program.templates(admin, module)).body;
    expect(results.filter((row) => row.name === name)).toMatchObject([{ description: "Otra" }]);
  });

  it("needs the module of work that runs elsewhere, and of a task of this system none", async () => {
    const me = await newUser();
    const { module: _, ...rest } = fields();
    const refused = await createTaskTemplate(me, rest);
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toMatch(/module/);
    const own = { name: newName("Pedido"), task_name: "pedidos.procesar" };
    const { body } = await createTaskTemplate(me, own);
    expect(body).toMatchObject({ ...own, module: "pedidos" });
  });

  it("is where tracked work takes its limits and notifications from", async () => {
    const me = await newUser();
    const set = { ...fields(), is_active: true };
    await createTaskTemplate(me, set);
    const task = await track(me, set.task_name, { module: set.module });
    expect(task).toMatchObject({ timeout_seconds: 120, max_retries: 5 });
    // A second start of the same kind would be folded into the first while that is unread.
    const other = await newUser();
    const told = await track(other, set.task_name, {
      module: set.module,
      timeout_seconds: 60,
      max_retries: 1,
    });
    expect(told).toMatchObject({ timeout_seconds: 60, max_retries: 1 });
    const elsewhere = await track(me, set.task_name, { module: "nomina" });
    expect(elsewhere).toMatchObject({ timeout_seconds: 3600, max_retries: 3 });
    await finish(other, told, false, { error_message: "Told to nobody" });
    await finish(me, elsewhere, true);
    await updateTaskProgress(me, task.id, 10);
    await updateTaskProgress(me, task.id, 30);
    await finish(me, task, true);
    const types = async (each: Task) =>
      (await getExecution(me, each.id)).body.notifications.map((row) => row.type);
    expect(await types(task)).toEqual(["success", "progress", "info"]);
    expect(await types(told)).toEqual(["info"]);
    expect(await types(elsewhere)).toEqual([]);
  });
});

describe("start_task_tracking", () => {
  it("keeps all that it takes: 201, and 200 the second time", async () => {
    const me = await newUser();
    const id = crypto.randomUUID();
    const name = newName("nomina.calcular");
    const more = {
      description: "Enero",
      context_data: { month: 1, deep: { list: [1, "2", null] } },
      timeout_seconds: 600,
      max_retries: 7,
      total_steps: 4,
    };
    const first = await startTaskTracking(me, id, name, "nomina", more);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      task_id: id,
      task_name: name,
      task_module: "nomina",
      status: "STARTED",
      user: me.id,
      user_name: me.name,
      ...more,
    });
    const second = await startTaskTracking(me, id, name, "nomina", more);
    expect(second.status).toBe(200);
    expect(second.body).toMatchObject({ id: first.body.id, task_id: id, ...more });
  });

  it("has the old defaults", async () => {
    const task = await track(await newUser(), newName("nomina.calcular"));
    expect(task).toMatchObject({ timeout_seconds: 3600, max_retries: 3, total_steps: 1 });
  });

  it("is PENDING until its first progress above 0 where told so", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"), { status: "PENDING" });
    expect(task).toMatchObject({
      status: "PENDING",
      started_at: null,
      is_finished: false,
      is_running: false,
    });
    const still = await updateTaskProgress(me, task.id, 0, "Queued");
    expect(still.body).toMatchObject({ status: "PENDING", progress: 0, started_at: null });
    const moved = await updateTaskProgress(me, task.id, 1, "Reading");
    expect(moved.body).toMatchObject({
      progress: 1,
      is_running: true,
      current_step: "Reading",
      started_at: TIME,
    });
    expect(["STARTED", "PROGRESS"]).toContain(moved.body.status);
  });
});

describe("update_task_progress", () => {
  it("takes a percentage and a step, and keeps a text of 500 characters whole", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"));
    const step = textOf(500);
    const { status, body } = await updateTaskProgress(me, task.id, 42, step);
    expect(status).toBe(200);
    expect(body).toMatchObject({ progress: 42, progress_percentage: 42, current_step: step });
    expect((await getExecution(me, task.id)).body).toMatchObject({
      progress: 42,
      current_step: step,
    });
  });

  it("makes STARTED, too, PROGRESS, which is running and can be cancelled", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"));
    const { body } = await updateTaskProgress(me, task.id, 40);
    expect(body).toMatchObject({ status: "PROGRESS", progress: 40, is_running: true });
    const { results } = (await listExecutions(me, { user: me.id, status: "PROGRESS" })).body;
    expect(idsOf(results)).toEqual([task.task_id]);
    expect((await cancelTask(me, task.task_id)).status).toBe(200);
  });

  it("makes a percentage of a step of several", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"));
    const quarter = await updateTaskProgress(me, task.id, { step_number: 1, total_steps: 4 });
    expect(quarter.body).toMatchObject({ progress: 25, total_steps: 4 });
    const half = await updateTaskProgress(me, task.id, { step_number: 2 });
    expect(half.body).toMatchObject({ progress: 50, total_steps: 4 });
    const known = await track(me, newName("nomina.calcular"), { total_steps: 3 });
    const third = await updateTaskProgress(me, known.id, { step_number: 1 });
    expect(Math.floor(third.body.progress)).toBe(33);
    const all = await updateTaskProgress(me, known.id, { step_number: 3 });
    expect(all.body).toMatchObject({ progress: 100, is_finished: false });
  });
});

describe("finish_task", () => {
  it("a success has 100 % and its result", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"));
    await updateTaskProgress(me, task.id, 10);
    const result_data = { rows: 3, names: ["a", "b"], total: 10.5 };
    const body = await finish(me, task, true, { result_data });
    const end = {
      status: "SUCCESS",
      progress: 100,
      progress_percentage: 100,
      result_data,
      error_message: "",
      error_traceback: "",
      completed_at: TIME,
      is_finished: true,
      is_running: false,
      is_successful: true,
    };
    expect(body).toMatchObject(end);
    expect((await getExecution(me, task.id)).body).toMatchObject(end);
  });

  it("a failure has its message and its traceback", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"));
    await updateTaskProgress(me, task.id, 60);
    const words = {
      error_message: "Saldo negativo: -3 €",
      error_traceback: 'Traceback (most recent call last):\n  File "a.py", line 3\nValueError',
    };
    const body = await finish(me, task, false, words);
    const end = {
      ...words,
      status: "FAILURE",
      progress: 60,
      result_data: {},
      completed_at: TIME,
      is_finished: true,
      is_running: false,
      is_successful: false,
    };
    expect(body).toMatchObject(end);
    expect((await getExecution(me, task.id)).body).toMatchObject(end);
  });

  it("keeps a result of any size, or says how large it was", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"));
    const text = textOf(300_000);
    const { result_data } = await finish(me, task, true, { result_data: { text } });
    expect(result_data).toMatchObject({ too_large: true, characters: NUMBER, beginning: TEXT });
  });
});

describe("texts of any length", () => {
  it.each([501, 5000, 300_000])("none of %i characters is refused", async (length) => {
    const me = await newUser();
    const text = textOf(length);
    const task = await track(me, newName("nomina.calcular"), {
      description: text,
      context_data: { text },
    });
    expectKept("task.description", task.description, text);
    const step = await updateTaskProgress(me, task.id, 5, text);
    expect(step.status).toBe(200);
    expectKept("step.current_step", step.body.current_step, text);
    await finish(me, task, false, { error_message: text, error_traceback: text });
    const { body } = await getExecution(me, task.id);
    expect(body.status).toBe("FAILURE");
    expectKept("body.description", body.description, text);
    expectKept("body.error_message", body.error_message, text);
    expectKept("body.error_traceback", body.error_traceback, text);
    const [row] = (await getUserTasks(me)).body.tasks;
    expectKept("user-tasks error_message", row?.error_message, text);

    const registered = await program.registerTask(me, {
      task_id: crypto.randomUUID(),
      task_name: newName("nomina.calcular"),
      task_module: "nomina",
      description: text,
      context_data: { text },
    });
    expect(registered.status).toBe(201);
    expectKept("registered.description", registered.body.task.description, text);
    const moved = await program.updateProgress(me, registered.body.task.id, {
      percentage: 5,
      step_description: text,
    });
    expect(moved.status).toBe(200);
    expectKept("moved.current_step", moved.body.task.current_step, text);
    const template = await createTaskTemplate(me, {
      name: newName("Largo"),
      task_name: newName("nomina.calcular"),
      module: "nomina",
      description: text,
    });
    expectKept("template.description", template.body.description, text);
  });
});

describe("fields and empty values", () => {
  it("a task just started has all fields, empty ones as the old answers had them", async () => {
    const me = await newUser();
    const name = newName("nomina.calcular");
    const started = await track(me, name);
    const { body } = await getExecution(me, started.id);
    const expected = {
      id: started.id,
      task_id: started.task_id,
      task_name: name,
      task_module: "nomina",
      description: "",
      status: "STARTED",
      progress_percentage: 0,
      progress: 0,
      current_step: "",
      total_steps: 1,
      created_at: TIME,
      started_at: TIME,
      completed_at: null,
      updated_at: TIME,
      user: me.id,
      user_name: me.name,
      context_data: {},
      result_data: {},
      error_message: "",
      error_traceback: "",
      timeout_seconds: 3600,
      retry_count: 0,
      max_retries: 3,
      worker_name: TEXT,
      queue_name: TEXT,
      duration_seconds: NUMBER,
      is_finished: false,
      unread_notifications: 0,
    };
    expect(pick(body, TASK_FIELDS)).toEqual({
      ...expected,
      is_running: true,
      is_successful: false,
      notifications: [],
    });
    const { results } = (await listExecutions(me, { user: me.id })).body;
    expect(results.map((row) => pick(row, ROW_FIELDS))).toEqual([expected]);
  });

  it("a task that waits has neither worker nor duration", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"), { status: "PENDING" });
    const { body } = await getExecution(me, task.id);
    expect(lacking(body, TASK_FIELDS)).toEqual([]);
    expect(body).toMatchObject({
      worker_name: "",
      current_step: "",
      duration_seconds: 0,
      started_at: null,
      completed_at: null,
    });
  });

  it("null is only of times and users, in every state, in lists and alone", async () => {
    const me = await newUser();
    const tasks = await inEachState(me, newName("nomina.calcular"));
    for (const [state, task] of Object.entries(tasks)) {
      const { body } = await getExecution(me, task.id);
      expect(lacking(body, TASK_FIELDS), state).toEqual([]);
    }
    const { results } = (await listExecutions(me, { user: me.id })).body;
    expect(results.map((row) => lacking(row, ROW_FIELDS))).toEqual([[], [], [], [], []]);
    expect(results.map((row) => row.is_finished)).toEqual([true, true, true, false, false]);
  });

  it("holds of orders too, which are of nobody where a visitor started them", async () => {
    const response = await fetch(`${server.url}/pedidos/iniciar?n=3`);
    const { lote } = (await response.json()) as { lote: string };
    const rows = async () => (await listExecutions(admin, { lote })).body.results;
    await expect
      .poll(async () => (await rows()).filter((row) => row.is_finished).length, { timeout: 30_000 })
      .toBe(3);
    for (const row of await rows()) {
      expect(row).toMatchObject({ user: null, user_name: null, requested_by: null });
      expect(lacking(row, ROW_FIELDS)).toEqual([]);
      const { body } = await getExecution(admin, row.task_id);
      expect(lacking(body, TASK_FIELDS)).toEqual([]);
    }
  });

  it("context_data is told of a single task only", async () => {
    const me = await newUser();
    const context_data = { month: 1 };
    const task = await track(me, newName("nomina.calcular"), { context_data });
    const { results } = (await listExecutions(me, { user: me.id })).body;
    expect(results).toMatchObject([{ context_data: {} }]);
    expect((await getExecution(me, task.id)).body.context_data).toEqual(context_data);
  });

  it("duration_seconds is what a task took", async () => {
    const me = await newUser();
    const task = await track(me, newName("nomina.calcular"));
    await sleep(1100);
    await finish(me, task, true);
    const [row] = (await listExecutions(me, { user: me.id })).body.results;
    expect(row?.duration_seconds).toBeGreaterThanOrEqual(1);
    expect(row?.duration_seconds).toBeLessThan(60);
  });
});

/** Runs two tasks of a template that tells of starts and ends, which makes four notifications. */
async function withNotifications(me: User) {
  const name = newName("contabilidad.cerrar");
  const { status } = await createTaskTemplate(me, {
    name: newName("Avisa"),
    task_name: name,
    module: "contabilidad",
    notification_settings: {
      notify_on_start: false,
      notify_on_complete: true,
      notify_on_error: true,
    },
  });
  expect(status).toBeLessThan(300);
  const good = await track(me, name, { module: "contabilidad" });
  const bad = await track(me, name, { module: "contabilidad" });
  await finish(me, good, true, { result_data: { rows: 3 } });
  await finish(me, bad, false, { error_message: "Saldo negativo" });
  return { good, bad };
}

describe("notifications", () => {
  it("of a task say what became of it, and its rows how many are unread", async () => {
    const me = await newUser();
    const { good, bad } = await withNotifications(me);
    const succeeded = (await getExecution(me, good.id)).body;
    expect(succeeded.notifications.map((row) => pick(row, NOTIFICATION_FIELDS))).toEqual([
      {
        id: WORDS,
        type: "success",
        title: WORDS,
        message: WORDS,
        details: expect.anything() as unknown,
        created_at: TIME,
        read: false,
      },
    ]);
    expect(succeeded.unread_notifications).toBe(1);
    const failed = (await getExecution(me, bad.id)).body;
    expect(failed.notifications).toMatchObject([{ type: "error", read: false }]);
    expect(JSON.stringify(failed.notifications)).toContain("Saldo negativo");
    const { results } = (await listExecutions(me, { user: me.id })).body;
    expect(results.map((row) => row.unread_notifications)).toEqual([1, 1]);
  });

  it("are listed by whether they are read, with what is new", async () => {
    const me = await newUser();
    const { good, bad } = await withNotifications(me);
    const all = await listNotifications(me);
    expect(all.status).toBe(200);
    expect(all.body.results).toHaveLength(2);
    for (const row of all.body.results) {
      expect(lacking(row, [...NOTIFICATION_FIELDS, "task_id", "count", "updated_at"])).toEqual([]);
      expect(row).toMatchObject({ title: WORDS, message: WORDS, created_at: TIME, read: false });
    }
    expect(all.body).toMatchObject({ unread: 2 });
    expect(all.body.results).toMatchObject([
      { type: "error", task_id: bad.task_id },
      { type: "success", task_id: good.task_id },
    ]);
    const [first, second] = all.body.results;
    await program.markAsRead(me, first?.id ?? "");
    const ids = async (read: boolean) =>
      (await listNotifications(me, read)).body.results.map((row) => row.id);
    expect(await ids(true)).toEqual([first?.id]);
    expect(await ids(false)).toEqual([second?.id]);
  });
});

describe("/api/task-manager, tasks", () => {
  const register = async (me: User, more: Partial<Task> = {}) => {
    const data = {
      task_id: crypto.randomUUID(),
      task_name: newName("nomina.calcular"),
      task_module: "nomina",
      ...(more as object),
    };
    const { status, body } = await program.registerTask(me, data);
    expect(body).toMatchObject({ success: true, task: { task_id: data.task_id } });
    expect(status).toBe(201);
    return body.task;
  };

  it("POST register_task/ answers {success, task, message}; the task is PENDING", async () => {
    const me = await newUser();
    const data = {
      task_id: crypto.randomUUID(),
      task_name: newName("nomina.calcular"),
      task_module: "nomina",
      description: "Enero",
      context_data: { month: 1 },
      timeout_seconds: 60,
      max_retries: 2,
      total_steps: 4,
    };
    const { status, body } = await program.registerTask(me, data);
    expect(status).toBe(201);
    expect(body).toEqual({ success: true, task: body.task, message: WORDS });
    expect(body.task).toMatchObject({
      ...data,
      status: "PENDING",
      progress: 0,
      user: me.id,
      user_name: me.name,
      started_at: null,
    });
    const { task_id, task_name, task_module } = { ...data, task_id: crypto.randomUUID() };
    const bare = await program.registerTask(me, { task_id, task_name, task_module });
    expect(bare.body.task).toMatchObject({
      description: "",
      context_data: {},
      timeout_seconds: 3600,
      max_retries: 3,
      total_steps: 1,
    });
  });

  it("POST update_progress/ answers {success, task}; the first above 0 makes it PROGRESS", async () => {
    const me = await newUser();
    const task = await register(me);
    const none = await program.updateProgress(me, task.id, { percentage: 0 });
    expect(none.body).toMatchObject({ success: true, task: { status: "PENDING", progress: 0 } });
    const step = textOf(500);
    const { status, body } = await program.updateProgress(me, task.task_id, {
      percentage: 40,
      step_description: step,
    });
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, task: body.task });
    expect(body.task).toMatchObject({
      id: task.id,
      progress: 40,
      progress_percentage: 40,
      current_step: step,
      is_running: true,
    });
    expect(body.task.status).toBe("PROGRESS");
  });

  it("POST update_progress/ makes a percentage of a step of several", async () => {
    const me = await newUser();
    const task = await register(me);
    const { body } = await program.updateProgress(me, task.id, {
      step_number: 3,
      total_steps: 4,
      step_description: "Sumar",
    });
    expect(body).toMatchObject({
      success: true,
      task: { progress: 75, total_steps: 4, current_step: "Sumar" },
    });
  });

  it("POST cancel_task/ answers {success, message}, and 400 with an error after the end", async () => {
    const me = await newUser();
    const task = await register(me);
    const first = await program.cancelTask(me, task.id);
    expect(first.status).toBe(200);
    expect(first.body).toEqual({ success: true, message: WORDS });
    expect((await program.task(me, task.id)).body.status).toBe("REVOKED");
    const second = await program.cancelTask(me, task.task_id);
    expect(second.status).toBe(400);
    expect(second.body).toMatchObject({ success: false, error: WORDS });
  });

  it("GET tasks/ is the list, by module, status and since hours", async () => {
    const me = await newUser(["tasks:track"]);
    const name = newName("nomina.calcular");
    const tasks = await inEachState(me, name, "nomina");
    const elsewhere = await track(me, name, { module: "api" });
    const { status, body } = await program.tasks(me);
    expect(status).toBe(200);
    expect(body).toMatchObject({ count: 6, next: null, previous: null });
    expect(body.results.map((row) => lacking(row, ROW_FIELDS))).toEqual([[], [], [], [], [], []]);
    expect(idsOf((await program.tasks(me, { module: "api" })).body.results)).toEqual([
      elsewhere.task_id,
    ]);
    const failed = await program.tasks(me, { module: "nomina", status: "FAILURE", since: 1 });
    expect(idsOf(failed.body.results)).toEqual([tasks.failure.task_id]);
    expect((await program.tasks(me, { since: 24 })).body.results).toHaveLength(6);
  });

  it("GET tasks/{id}/ is the task, by id and by task_id", async () => {
    const me = await newUser();
    const task = await register(me, { description: "Enero" });
    for (const id of [task.id, task.task_id]) {
      const { status, body } = await program.task(me, id);
      expect(status).toBe(200);
      expect(lacking(body, TASK_FIELDS)).toEqual([]);
      expect(body).toMatchObject({ id: task.id, task_id: task.task_id, description: "Enero" });
    }
    expect((await program.task(me, crypto.randomUUID())).status).toBe(404);
  });

  it("GET tasks/status/{task_id}/ has all fields flat, Flower's, and a state of both", async () => {
    const me = await newUser();
    const tasks = await inEachState(me, newName("nomina.calcular"));
    const words = {
      PENDING: /pendiente|espera|cola/i,
      STARTED: /inicia|comenz|ejecu|curso|proce/i,
      SUCCESS: /éxito|exitos|complet/i,
      FAILURE: /fall|error/i,
      REVOKED: /cancela|revoca/i,
    };
    for (const [state, word] of Object.entries(words)) {
      const task = tasks[state.toLowerCase() as keyof typeof tasks];
      const { status, body } = await program.taskStatus(me, task.task_id);
      expect(status).toBe(200);
      expect(
        lacking(
          body,
          TASK_FIELDS.filter((field) => field !== "notifications"),
        ),
      ).toEqual([]);
      expect(body).toMatchObject({
        id: task.id,
        task_id: task.task_id,
        status: state,
        module: "nomina",
        exists_locally: true,
        exists_in_flower: expect.any(Boolean) as unknown,
        unified_status: state,
      });
      expect(lacking(body, FLOWER_FIELDS), state).toEqual([]);
      expect(Object.keys(body)).toContain("flower_timestamp");
      expect(body.user_friendly_message).toMatch(word);
    }
  });

  it("GET tasks/status/{task_id}/ answers 200 NOT_FOUND for an unknown one", async () => {
    const me = await newUser();
    const id = crypto.randomUUID();
    const { status, body } = await program.taskStatus(me, id);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      task_id: id,
      exists_locally: false,
      exists_in_flower: false,
      unified_status: "NOT_FOUND",
    });
    expect(body.user_friendly_message).toMatch(/\bno\b.*(encontr|exist)|desconocid/i);
  });

  it("GET workers_status/ counts the workers and what they do", async () => {
    const id = await sendSlowOrder();
    await untilStatus(id, "STARTED");
    const { status, body } = await program.workersStatus(admin);
    expect(status).toBe(200);
    const active = body.workers.filter((worker) => worker.status === "active");
    expect(body).toEqual({
      success: true,
      workers: body.workers,
      total_workers: body.workers.length,
      active_workers: 1,
    });
    expect(active).toHaveLength(1);
    for (const worker of body.workers) {
      expect(Object.keys(worker).toSorted()).toEqual(
        ["active_tasks", "name", "queues", "status", "total_tasks", "uptime"].toSorted(),
      );
      expect(worker).toMatchObject({ name: WORDS, total_tasks: NUMBER });
    }
    expect(active[0]).toMatchObject({ active_tasks: 1, queues: [WORDS] });
    expect(active[0]?.uptime).not.toBeNull();
    await untilStatus(id, "FAILURE");
  });

  it("GET active_tasks/ answers {success, tasks, count} of what has not ended", async () => {
    const me = await newUser(["tasks:track"]);
    const tasks = await inEachState(me, newName("nomina.calcular"));
    const moving = await track(me, newName("nomina.calcular"));
    await updateTaskProgress(me, moving.id, 50);
    const { status, body } = await program.activeTasks(me);
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, tasks: body.tasks, count: body.tasks.length });
    expect(idsOf(body.tasks)).toEqual(
      expect.arrayContaining([tasks.started.task_id, moving.task_id]),
    );
    expect(body.tasks.filter((row) => row.is_finished)).toEqual([]);
    expect(body.tasks.map((row) => lacking(row, ROW_FIELDS)).flat()).toEqual([]);
  });

  it("GET my_tasks/ answers the latest 20 unless told a limit", async () => {
    const me = await newUser();
    const name = newName("nomina.calcular");
    const ids = [];
    for (let i = 0; i < 22; i += 1) {
      ids.unshift((await track(me, name)).task_id);
    }
    const { status, body } = await program.myTasks(me);
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, tasks: body.tasks, count: 20 });
    expect(idsOf(body.tasks)).toEqual(ids.slice(0, 20));
    expect(lacking(body.tasks[0] ?? {}, ROW_FIELDS)).toEqual([]);
    const few = await program.myTasks(me, 3);
    expect(few.body.count).toBe(3);
    expect(idsOf(few.body.tasks)).toEqual(ids.slice(0, 3));
  });

  it("GET module_tasks/ answers a module's, as many as the limit", async () => {
    const me = await newUser(["tasks:track"]);
    const name = newName("nomina.calcular");
    const ids = [];
    for (let i = 0; i < 3; i += 1) {
      await track(me, name, { module: "nomina" });
      ids.unshift((await track(me, name, { module: "api" })).task_id);
    }
    const { status, body } = await program.moduleTasks(me, "api");
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, tasks: body.tasks, count: 3 });
    expect(idsOf(body.tasks)).toEqual(ids);
    const few = await program.moduleTasks(me, "api", 2);
    expect(idsOf(few.body.tasks)).toEqual(ids.slice(0, 2));
  });

  it("shows who is no administrator their own tasks only", async () => {
    const person = await newPerson("viewer");
    const key = await newUser();
    const name = newName("nomina.calcular");
    const mine = await track(key, name, { user: person.id });
    const secret = "Of somebody else";
    const theirs = await track(key, name, { description: secret });
    expect(idsOf((await program.tasks(person)).body.results)).toEqual([mine.task_id]);
    expect(idsOf((await program.activeTasks(person)).body.tasks)).toEqual([mine.task_id]);
    expect(idsOf((await program.myTasks(person)).body.tasks)).toEqual([mine.task_id]);
    expect(idsOf((await program.moduleTasks(person, "nomina")).body.tasks)).toEqual([mine.task_id]);
    expect((await program.task(person, mine.id)).status).toBe(200);
    expect((await program.task(person, theirs.id)).status).toBe(404);
    expect((await program.taskStatus(person, mine.task_id)).body.unified_status).toBe("STARTED");
    const other = await program.taskStatus(person, theirs.task_id);
    expect(JSON.stringify(other.body)).not.toContain(secret);
    expect((await program.cancelTask(person, theirs.id)).status).toBeGreaterThanOrEqual(400);
    expect((await getExecution(key, theirs.id)).body.status).toBe("STARTED");
    expect((await program.cancelTask(person, mine.id)).status).toBe(200);
  });

  it("shows an administrator and a key with tasks:read all, another key its own", async () => {
    const me = await newUser(["tasks:track"]);
    const reader = await newUser(["tasks:read"]);
    const task = await track(me, newName("nomina.calcular"));
    const theirs = await track(await newUser(), newName("nomina.calcular"));
    for (const all of [admin, reader]) {
      const ids = idsOf((await program.tasks(all, { module: "nomina" })).body.results);
      expect(ids).toEqual(expect.arrayContaining([task.task_id, theirs.task_id]));
      expect((await program.task(all, task.id)).status).toBe(200);
    }
    expect(idsOf((await program.tasks(me)).body.results)).toEqual([task.task_id]);
    expect((await program.task(me, theirs.id)).status).toBe(404);
  });
});

describe("/api/task-manager, notifications and templates", () => {
  it("GET notifications/?read= lists them", async () => {
    const me = await newUser();
    await withNotifications(me);
    const { status, body } = await program.notifications(me);
    expect(status).toBe(200);
    expect(body).toMatchObject({ count: 2, next: null, previous: null });
    expect(body.results.map((row) => lacking(row, NOTIFICATION_FIELDS))).toEqual([[], []]);
    expect((await program.notifications(me, false)).body.results).toHaveLength(2);
    expect((await program.notifications(me, true)).body.results).toEqual([]);
  });

  it("POST mark_as_read/ answers {success, notification}, and its task has it as read", async () => {
    const me = await newUser();
    const { good } = await withNotifications(me);
    const [notification] = (await getExecution(me, good.id)).body.notifications;
    const { status, body } = await program.markAsRead(me, notification?.id ?? "");
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, notification: body.notification });
    expect(pick(body.notification, NOTIFICATION_FIELDS)).toEqual({
      ...pick(notification ?? {}, NOTIFICATION_FIELDS),
      read: true,
    });
    const task = (await getExecution(me, good.id)).body;
    expect(task).toMatchObject({ unread_notifications: 0, notifications: [{ read: true }] });
    const unread = (await program.notifications(me, false)).body.results;
    expect(unread.map((row) => row.id)).not.toContain(notification?.id);
    const read = (await program.notifications(me, true)).body.results;
    expect(read.map((row) => row.id)).toEqual([notification?.id]);
  });

  it("POST mark_all_read/ answers {success, marked_count}", async () => {
    const me = await newUser();
    await withNotifications(me);
    const { status, body } = await program.markAllRead(me);
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, marked_count: 2 });
    expect((await program.notifications(me, false)).body.results).toEqual([]);
    expect((await program.notifications(me, true)).body.results).toHaveLength(2);
    expect((await program.markAllRead(me)).body).toEqual({ success: true, marked_count: 0 });
  });

  it("GET templates/?module= lists them", async () => {
    const me = await newUser();
    const name = newName("Cierre");
    const task_name = newName("contabilidad.cerrar");
    await createTaskTemplate(me, { name, task_name, module: "contabilidad" });
    const names = async (module?: string) =>
      (await program.templates(me, module)).body.results.map((row) => row.name);
    expect(await names()).toContain(name);
    expect(await names("contabilidad")).toContain(name);
    expect(await names("nomina")).not.toContain(name);
  });
});

describe("how to move", () => {
  it("a task with progress cancels what cancel_user_tasks did", async () => {
    const me = await newUser();
    const name = newName("nomina.calcular");
    const tasks = await inEachState(me, name, "api");
    const elsewhere = await track(me, name, { module: "system" });
    const filter = { user: me.id, task_module: "api" };
    const { status } = await send(me, "POST", "/api/tasks/bulk/", { action: "cancel", filter });
    expect(status).toBeLessThan(300);
    await untilStatus(tasks.started.id, "REVOKED");
    await untilStatus(tasks.pending.id, "REVOKED");
    expect((await getExecution(me, tasks.success.id)).body.status).toBe("SUCCESS");
    expect((await getExecution(me, elsewhere.id)).body.status).toBe("STARTED");
  });

  it("flower-info/ has the whole beside the workers", async () => {
    const { status, body } = await get<object>(admin, "/api/tasks/flower-info/");
    expect(status).toBe(200);
    expect(Object.keys(body).length).toBeGreaterThan(0);
  });
});

describeInBrowser("the documented TaskMonitor in a page on the server's origin", () => {
  useBrowser();

  it.skipIf(!hasReact)("polls, draws what it reads, and cancels by cookie", async () => {
    const person = await newPerson("operator");
    const key = await newUser();
    const name = newName("nomina.calcular");
    const waits = await track(key, name, { user: person.id, status: "PENDING" });
    const runs = await track(key, name, { user: person.id });
    const moves = await track(key, name, { user: person.id });
    await using visit = await openBrowser(server.url);
    const { page, context, problems } = visit;
    await signInBrowser(context.request, person.account);
    await servePanel(page, { userId: person.id, everyMs: 250 });
    const posted: { path: string; body: string | null; cookie: string }[] = [];
    page.on("request", async (request) => {
      if (request.method() === "POST") {
        const { cookie = "" } = await request.allHeaders();
        posted.push({ path: new URL(request.url()).pathname, body: request.postData(), cookie });
      }
    });
    await page.goto("/panel");
    const item = (task: Task) => page.locator(`[data-task="${task.task_id}"]`);
    const drawn = async (task: Task) => ({
      name: await item(task).locator("h4").textContent(),
      status: await item(task).locator(".status").textContent(),
      bars: await item(task).locator(".progress-bar").count(),
      buttons: await item(task).getByRole("button", { name: "Cancelar" }).count(),
    });

    await item(runs).waitFor();
    expect(await page.locator(".task-item").count()).toBe(3);
    expect(await drawn(runs)).toEqual({ name, status: "Estado: STARTED", bars: 0, buttons: 1 });
    expect(await drawn(waits)).toEqual({ name, status: "Estado: PENDING", bars: 0, buttons: 0 });

    await updateTaskProgress(key, moves.id, 25);
    const bar = item(moves).locator(".progress");
    await bar.waitFor();
    expect((await bar.boundingBox())?.width).toBe(100);
    await updateTaskProgress(key, moves.id, 75);
    await expect.poll(async () => (await bar.boundingBox())?.width).toBe(300);

    const order = await sendSlowOrder();
    await page.getByText("Workers activos: 1").waitFor();
    await untilStatus(order, "FAILURE");
    await page.getByText("Workers activos: 0").waitFor();

    const button = item(runs).getByRole("button", { name: "Cancelar" });
    await button.click({ timeout: 10_000 });
    await item(runs).getByText("Estado: REVOKED").waitFor();
    await button.waitFor({ state: "detached" });
    expect((await getExecution(admin, runs.id)).body.status).toBe("REVOKED");
    expect(posted).toEqual([
      {
        path: `/api/tasks/cancel/${runs.task_id}/`,
        body: null,
        cookie: expect.stringContaining("session") as unknown as string,
      },
    ]);

    const ends = await track(key, name, { user: person.id });
    await finish(key, ends, true);
    await item(ends).getByText("Estado: SUCCESS").waitFor();
    expect((await item(ends).locator(".progress").boundingBox())?.width).toBe(400);
    expect(problems).toEqual([]);
  });
});
