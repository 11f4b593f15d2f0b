/** The routes of the old task manager answer by its own addresses and names. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { enqueueOne } from "../../../src/tasks/accepting/enqueue";
import {
  adminSession,
  apiKey,
  expectBadParameter,
  expectProblem,
  type List,
} from "../../support/api";
import type { Execution } from "../../support/api-orders";
import { door } from "../../support/door";
import { deliver } from "../../support/engine";
import { person } from "../../support/people";
import { clearTasks } from "../../support/recount";
import { siteOf } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

type Tasks = { success: boolean; tasks: Execution[]; count: number };
type Json = Record<string, unknown>;

let gate = door();
const ends = aDefinition({
  name: "nomina.calcular",
  module: "nomina",
  timeoutMs: 60_000,
  notify: { complete: true, error: true },
  async run({ input }) {
    switch (input) {
      case "waits":
        await gate.pass();
        return { kind: "done" };
      case "fails":
        return { kind: "reject", reason: { code: "no_money", message: "No hay fondos" } };
      case "retries":
        return { kind: "retry", reason: { code: "no_net", message: "Sin red" } };
      default:
        return { kind: "done", result: { pagos: 7 } };
    }
  },
});
const other = aDefinition({ name: "contabilidad.cerrar", module: "contabilidad" });
const site = siteOf([ends, other]);

const admin = { cookie: await adminSession() };
const key = await apiKey(["tasks:read", "tasks:write", "tasks:track"]);
const reader = { key: await apiKey(["tasks:read"]) };
const tracker = { key: await apiKey(["tasks:track"]) };
const operator = await person("operator");
const viewer = await person("viewer");
const idOf = (of: { id: string }) => `user:${of.id}`;
const keyUser = (of: { key: string }) => `key:${of.key.split("_")[1]}`;

const BASE = "/api/task-manager";
const TASKS = `${BASE}/tasks`;
const EXECUTIONS = "/api/tasks/executions";

const start = (input: unknown = "done", user: string | null = null) =>
  enqueueOne(site.env, ends, input, { user });
const ids = (tasks: Execution[]) => tasks.map(({ id }) => id);
const status = (id: string, asking: object = reader) =>
  site.get<Json>(`${TASKS}/status/${id}/`, asking);
const work = (overrides: Json = {}) => ({
  task_id: `mensual-${crypto.randomUUID()}`,
  task_name: "nomina.pagar",
  task_module: "nomina",
  ...overrides,
});
const register = (body: Json, asking: object = tracker, code = 201) =>
  site.post<{ success: boolean; task: Execution; message: string }>(
    `${TASKS}/register_task/`,
    { ...asking, body },
    code,
  );

beforeEach(async () => {
  gate = door();
  await clearTasks();
  await env.DB.prepare("DELETE FROM notifications").run();
});
afterEach(() => gate.open());

/** Makes a task of each state, by the state. */
async function oneOfEach(user: string | null = null): Promise<Record<string, string>> {
  const [done, failed, retried, revoked, waiting] = await Promise.all(
    ["done", "fails", "retries", "done", "done"].map((input) => start(input, user)),
  );
  await site.run(done ?? "", failed ?? "", retried ?? "");
  await site.post(`/api/tasks/cancel/${revoked}`, { key });
  const started = await start("waits", user);
  void deliver([started], site.env, site.engine);
  await gate.reached;
  const { task } = await register(work());
  const half = { percentage: 40, step_description: "Sumando" };
  await site.post(`${TASKS}/${task.id}/update_progress/`, { key, body: half });
  return {
    PENDING: waiting ?? "",
    STARTED: started,
    PROGRESS: task.id,
    RETRY: retried ?? "",
    SUCCESS: done ?? "",
    FAILURE: failed ?? "",
    REVOKED: revoked ?? "",
  };
}

describe("tasks/", () => {
  it("answers the rows of the task API, filtered by module, status and hours", async () => {
    const of = [await start("done"), await start("fails"), await start("done")];
    await site.run(of[0] ?? "", of[1] ?? "");
    const elsewhere = await enqueueOne(site.env, other, {}, { user: null });
    const list = (query = "") => site.get<List<Execution>>(`${TASKS}/?${query}`, reader);
    const api = (query: string) => site.get<List<Execution>>(`${EXECUTIONS}/?${query}`, reader);
    expect(await list()).toEqual(await api(""));
    expect((await list()).count).toBe(4);
    expect(await list("module=nomina")).toEqual(await api("task_module=nomina"));
    expect(ids((await list("module=contabilidad")).results)).toEqual([elsewhere]);
    expect(ids((await list("status=FAILURE")).results)).toEqual([of[1]]);
    expect(ids((await list("module=nomina&status=PENDING")).results)).toEqual([of[2]]);
  });

  it("are of so many hours, also parts of one and more than there are", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const now = Date.now();
    for (const hours of [5.1, 1.1]) {
      vi.setSystemTime(now - hours * 3_600_000);
      await start();
    }
    vi.useRealTimers();
    const count = async (since: number) =>
      (await site.get<List<Execution>>(`${TASKS}/?since=${since}`, reader)).count;
    const hours = [24, 3, 1.2, 0.5, 999_999_999_999];
    expect(await Promise.all(hours.map(count))).toEqual([2, 1, 1, 0, 2]);
  });

  it("goes on by its links", async () => {
    const of = [await start(), await start(), await start()];
    const first = await site.get<List<Execution>>(`${TASKS}/?limit=2&since=1`, reader);
    const rest = await site.get<List<Execution>>(first.next ?? "", reader);
    expect([...ids(first.results), ...ids(rest.results)]).toEqual(of.toReversed());
    expect(rest.next).toBeNull();
  });

  it.each(["since=0", "since=-1", "since=x", "status=DONE", "limit=0"])(
    "refuses ?%s, in its own words too",
    async (query) => {
      const response = await site.ask("GET", `${TASKS}/?${query}`, reader);
      const told = await response.clone().json<Json>();
      expect(told).toMatchObject({ success: false, error: told["detail"] });
      await expectBadParameter(response, query.split("=")[0] ?? "");
    },
  );

  it("answers one task by either id, as the task API does", async () => {
    const { task } = await register(work({ context_data: { mes: 11 } }));
    await site.patch(`${EXECUTIONS}/${task.id}/`, { key, body: { status: "SUCCESS" } });
    const one = await site.execution(task.id, reader.key);
    expect(one["context_data"]).toEqual({ mes: 11 });
    for (const id of [task.id, task.task_id]) {
      expect(await site.get(`${TASKS}/${id}/`, reader)).toEqual(one);
      expect(await site.get(`${TASKS}/${id}`, reader)).toEqual(one);
    }
  });

  it("answers 404 for an unknown one", async () => {
    const response = await site.ask("GET", `${TASKS}/nobody/`, reader);
    expect(await expectProblem(response, 404, "task_not_found")).toMatchObject({
      success: false,
      error: "There is no task nobody",
    });
  });
});

describe("tasks/status/", () => {
  it("tells of every state in Spanish, with the task's name, its progress or its error", async () => {
    const of = await oneOfEach();
    const messages = {
      PENDING: 'La tarea "nomina.calcular" espera su turno.',
      STARTED: 'La tarea "nomina.calcular" ha comenzado.',
      PROGRESS: 'La tarea "nomina.pagar" va por el 40 %: Sumando',
      RETRY: 'La tarea "nomina.calcular" se intentará otra vez: Sin red',
      SUCCESS: 'La tarea "nomina.calcular" terminó con éxito.',
      FAILURE: 'La tarea "nomina.calcular" falló: No hay fondos',
      REVOKED: 'La tarea "nomina.calcular" fue cancelada.',
    };
    for (const [state, user_friendly_message] of Object.entries(messages)) {
      expect(await status(of[state] ?? "")).toMatchObject({
        unified_status: state,
        flower_state: state,
        status: state,
        user_friendly_message,
        exists_locally: true,
        exists_in_flower: state !== "PROGRESS", // The task in PROGRESS runs elsewhere.
      });
    }
  });

  it("has every field of the task, flat, and what Flower knew of it", async () => {
    const id = await start("done");
    await site.run(id);
    const one = await site.execution(id, reader.key);
    const told = await status(id);
    expect(told).toMatchObject(one);
    expect(told).toMatchObject({
      module: "nomina",
      flower_result: { pagos: 7 },
      flower_traceback: "",
      flower_worker: one["worker_name"],
      flower_timestamp: Date.parse(String(one["updated_at"])) / 1000,
      flower_runtime: one["duration_seconds"],
    });
  });

  it("is NOT_FOUND for an unknown one, and no error", async () => {
    expect(await status("nobody")).toEqual({
      task_id: "nobody",
      exists_locally: false,
      exists_in_flower: false,
      flower_state: "",
      flower_result: {},
      flower_traceback: "",
      flower_worker: "",
      flower_timestamp: null,
      flower_runtime: 0,
      unified_status: "NOT_FOUND",
      user_friendly_message: 'No existe la tarea "nobody".',
    });
  });
});

describe("tasks/register_task/", () => {
  it("tracks a task that is PENDING until its first progress above 0", async () => {
    const body = work({
      description: "Paga la nómina",
      context_data: { mes: 11 },
      timeout_seconds: 60,
      max_retries: 5,
      total_steps: 4,
    });
    const made = await register(body);
    expect(made).toMatchObject({
      success: true,
      message: "Tarea registrada.",
      task: {
        task_id: body.task_id,
        task_name: "nomina.pagar",
        task_module: "nomina",
        description: "Paga la nómina",
        status: "PENDING",
        context_data: { mes: 11 },
        notifications: [],
        timeout_seconds: 60,
        max_retries: 5,
        total_steps: 4,
      },
    });
    const { id } = made.task;
    const update = async (report: Json) =>
      (
        await site.post<{ success: true; task: Execution }>(`${TASKS}/${id}/update_progress/`, {
          ...tracker,
          body: report,
        })
      ).task;
    expect(await update({ percentage: 0 })).toMatchObject({ status: "PENDING" });
    const begun = { status: "PROGRESS", progress_percentage: 10, current_step: "Leyendo" };
    expect(await update({ percentage: 10, step_description: "Leyendo" })).toMatchObject(begun);
    expect(await update({ step_number: 3 })).toMatchObject({ progress_percentage: 75 });
    expect(await update({ step_number: 3, total_steps: 6 })).toMatchObject({
      progress_percentage: 50,
      total_steps: 6,
    });
  });

  it("cuts texts of any length, and refuses none for it", async () => {
    const { task } = await register(work({ description: "d".repeat(1_000_000) }));
    expect(String(task["description"])).toMatch(/^d+…$/);
    const body = { percentage: 1, step_description: "s".repeat(1_000_000) };
    const path = `${TASKS}/${task.id}/update_progress/`;
    const reported = await site.post<{ task: Execution }>(path, { ...tracker, body });
    expect(String(reported.task["current_step"])).toMatch(/^s{499}…$/);
  });

  it("answers 200 with the task that was registered already", async () => {
    const body = work();
    const { task } = await register(body);
    expect(await register(body, tracker, 200)).toMatchObject({
      success: true,
      task: { id: task.id, status: "PENDING" },
      message: "La tarea ya estaba registrada.",
    });
  });

  it("refuses what the task API refuses, in its own words too", async () => {
    const ask = (body: unknown, asking: object = tracker) =>
      site.ask("POST", `${TASKS}/register_task/`, { ...asking, body });
    const missing = await ask({ task_id: "a", task_name: "b" });
    expect(await missing.clone().json()).toMatchObject({ success: false });
    await expectBadParameter(missing, "task_module");
    await expectBadParameter(await ask(work({ task_name: "nomina.calcular" })), "task_name");
    const body = work();
    await register(body, { cookie: operator.cookie });
    await expectProblem(await ask(body), 409, "task_id_taken");
    const { task } = await register(work());
    const end = { key, body: { status: "SUCCESS" } };
    await site.patch(`${EXECUTIONS}/${task.id}/`, end);
    await expectProblem(await ask(work({ task_id: task.task_id })), 409, "already_ended");
  });
});

describe("tasks/:id/update_progress/", () => {
  const update = (id: string, asking: object, body: Json = { percentage: 1 }) =>
    site.ask("POST", `${TASKS}/${id}/update_progress/`, { ...asking, body });

  it("is for whoever registered it, or may act on all", async () => {
    const { task } = await register(work());
    const another = { key: await apiKey(["tasks:read", "tasks:track"]) };
    await expectProblem(await update(task.id, another), 403, "forbidden");
    await expectProblem(await update(task.id, reader), 403, "forbidden");
    expect((await update(task.id, { key })).status).toBe(200);
    expect((await update(task.task_id, tracker)).status).toBe(200);
  });

  it("is for whoever started it in another's name", async () => {
    const body = work({ user: idOf(viewer) });
    const { id } = await site.post<Execution>(`${EXECUTIONS}/`, { ...tracker, body }, 201);
    expect((await update(id, tracker)).status).toBe(200);
    expect(await site.get(`${TASKS}/${id}/`, { cookie: viewer.cookie })).toMatchObject({ id });
  });

  it("is refused of what ended, runs here, or is unknown", async () => {
    const { task } = await register(work());
    await site.patch(`${EXECUTIONS}/${task.id}/`, { key, body: { status: "SUCCESS" } });
    const ended = await expectProblem(await update(task.id, tracker), 409, "wrong_state");
    expect(ended).toMatchObject({ state: "SUCCESS", success: false, error: ended.detail });
    await expectProblem(await update(await start(), { key }), 409, "not_tracked");
    await expectProblem(await update("nobody", { key }), 404, "task_not_found");
    await expectBadParameter(await update(task.id, tracker, { percentage: 101 }), "percentage");
  });
});

describe("tasks/:id/cancel_task/", () => {
  const cancel = (id: string, asking: object) =>
    site.ask("POST", `${TASKS}/${id}/cancel_task/`, asking);

  it("cancels by either id, and is audited", async () => {
    const { task } = await register(work());
    const response = await cancel(task.task_id, { key });
    expect(await response.json()).toEqual({ success: true, message: "Tarea cancelada." });
    expect(await status(task.id)).toMatchObject({ unified_status: "REVOKED" });
    const { results } = await site.get<List<Json>>("/api/audit/?action=task.cancel", admin);
    expect(results[0]).toMatchObject({ target: task.task_id, actor: keyUser({ key }) });
  });

  it("answers 400 with the error once it has ended", async () => {
    const id = await start();
    await site.run(id);
    const problem = await expectProblem(await cancel(id, { key }), 400, "wrong_state");
    expect(problem).toMatchObject({
      success: false,
      error: "La tarea ya ha terminado: SUCCESS",
      state: "SUCCESS",
    });
  });

  it("is for one's own, or whoever may act on all", async () => {
    const own = await start("done", idOf(viewer));
    expect((await cancel(own, { cookie: viewer.cookie })).status).toBe(200);
    const others = await start("done", idOf(viewer));
    await expectProblem(await cancel(others, reader), 403, "forbidden");
    await expectProblem(await cancel(others, tracker), 404, "task_not_found");
    expect((await cancel(others, admin)).status).toBe(200);
  });

  it("is, of another's too, for whoever has tasks:write and sees nothing else of it", async () => {
    const writer = { key: await apiKey(["tasks:write"]) };
    for (const asking of [writer, { cookie: operator.cookie }]) {
      const others = await start("done", idOf(viewer));
      await expectProblem(
        await site.ask("GET", `${TASKS}/${others}/`, asking),
        404,
        "task_not_found",
      );
      const done = { success: true, message: "Tarea cancelada." };
      expect(await (await cancel(others, asking)).json()).toEqual(done);
      const ended = await expectProblem(await cancel(others, asking), 400, "wrong_state");
      expect(ended).toMatchObject({ success: false, state: "REVOKED" });
    }
    const { task } = await register(work());
    expect((await cancel(task.task_id, writer)).status).toBe(200);
    await expectProblem(await cancel("nobody", writer), 404, "task_not_found");
  });
});

describe("lists without pages:", () => {
  it("active_tasks/ are those started, in progress and between attempts", async () => {
    const of = await oneOfEach();
    const { success, tasks, count } = await site.get<Tasks>(`${TASKS}/active_tasks/`, reader);
    expect({ success, count }).toEqual({ success: true, count: 3 });
    expect(new Set(ids(tasks))).toEqual(new Set([of["PROGRESS"], of["STARTED"], of["RETRY"]]));
    expect(ids(tasks)).toEqual(ids(tasks).toSorted().toReversed());
    expect(new Set(tasks.map((task) => task.status))).toEqual(
      new Set(["STARTED", "PROGRESS", "RETRY"]),
    );
  });

  it("my_tasks/ are the caller's, 20 of them unless told", async () => {
    const user = idOf(viewer);
    await Promise.all([...Array.from({ length: 21 }, () => start("done", user)), start()]);
    const mine = (query: string, asking: object = { cookie: viewer.cookie }) =>
      site.get<Tasks>(`${TASKS}/my_tasks/?${query}`, asking);
    const first = await mine("");
    expect(first).toMatchObject({ success: true, count: 20 });
    expect(ids(first.tasks)).toEqual(ids(first.tasks).toSorted().toReversed());
    expect(await mine("limit=3")).toMatchObject({ count: 3, tasks: first.tasks.slice(0, 3) });
    expect(await mine("limit=100")).toMatchObject({ count: 21 });
    expect(await mine("", admin)).toEqual({ success: true, tasks: [], count: 0 });
  });

  it("module_tasks/ are those of a module, which is needed", async () => {
    const of = [await start(), await start()];
    const elsewhere = await enqueueOne(site.env, other, {}, { user: null });
    const list = (query: string) => site.get<Tasks>(`${TASKS}/module_tasks/?${query}`, reader);
    expect(ids((await list("module=nomina")).tasks)).toEqual(of.toReversed());
    expect(ids((await list("module=contabilidad&limit=5")).tasks)).toEqual([elsewhere]);
    expect(await list("module=nomina&limit=1")).toMatchObject({ success: true, count: 1 });
    expect(await list("module=otro")).toEqual({ success: true, tasks: [], count: 0 });
    await expectBadParameter(await site.ask("GET", `${TASKS}/module_tasks/`, reader), "module");
  });

  it("are no task's id, whoever names one so", async () => {
    const names = ["active_tasks", "my_tasks", "workers_status"];
    await Promise.all(names.map((task_id) => register(work({ task_id }))));
    for (const name of names) {
      expect(await site.get(`${TASKS}/${name}`, reader)).toMatchObject({ success: true });
      expect(await site.execution(name, reader.key)).toMatchObject({ task_id: name });
    }
  });
});

describe("tasks/workers_status/", () => {
  it("are the workers that run something, and what", async () => {
    const none = { success: true, workers: [], total_workers: 0, active_workers: 0 };
    expect(await site.get(`${TASKS}/workers_status/`, reader)).toEqual(none);
    const id = await start("waits", idOf(viewer));
    const running = deliver([id], site.env, site.engine);
    await gate.reached;
    const { worker_name: name } = await site.execution(id, reader.key);
    const worker = {
      name,
      status: "active",
      active_tasks: 1,
      total_tasks: 1,
      queues: ["orders"], // This test delivers a batch of that queue.
      uptime: expect.any(Number),
    };
    const one = { success: true, workers: [worker], total_workers: 1, active_workers: 1 };
    expect(await site.get(`${TASKS}/workers_status/`, reader)).toEqual(one);
    expect(await site.get(`${TASKS}/workers_status/`, viewer)).toEqual(one);
    expect(await site.get(`${TASKS}/workers_status/`, operator)).toEqual(none);
    gate.open();
    await running;
  });
});

describe("notifications/", () => {
  const PATH = `${BASE}/notifications`;
  const list = (query = "", asking: object = { cookie: viewer.cookie }) =>
    site.get<List<Json>>(`${PATH}/?${query}`, asking);

  it("lists the caller's, read, unread or all, and marks one or all", async () => {
    const [failed, done] = [await start("fails", idOf(viewer)), await start("done", idOf(viewer))];
    await site.run(failed);
    await site.run(done);
    const all = await list();
    expect(all).toMatchObject({ count: 2, next: null, previous: null });
    const error = all.results.find(({ type }) => type === "error");
    expect(error).toMatchObject({
      title: expect.stringContaining("Fallida"),
      message: "No hay fondos",
      task_id: failed,
      read: false,
    });
    const id = String(error?.["id"]);
    const one = await site.post<{ success: boolean; notification: Json }>(
      `${PATH}/${id}/mark_as_read/`,
      { cookie: viewer.cookie },
    );
    expect(one).toEqual({ success: true, notification: { ...error, read: true, is_read: true } });
    expect((await list("read=true")).results.map((row) => row["id"])).toEqual([id]);
    expect((await list("read=false")).results.map((row) => row["type"])).toEqual(["success"]);
    const markAll = () => site.post(`${PATH}/mark_all_read/`, { cookie: viewer.cookie });
    expect(await markAll()).toEqual({ success: true, marked_count: 1 });
    expect(await markAll()).toEqual({ success: true, marked_count: 0 });
    expect((await list("read=true")).count).toBe(2);
  });

  it("are nobody else's, an administrator's neither", async () => {
    await site.run(await start("fails", idOf(viewer)));
    const id = String((await list()).results[0]?.["id"]);
    expect((await list("", admin)).count).toBe(0);
    const response = await site.ask("POST", `${PATH}/${id}/mark_as_read/`, admin);
    expect(await expectProblem(response, 404, "unknown_notification")).toMatchObject({
      success: false,
    });
    expect((await list("read=false")).count).toBe(1);
  });
});

describe("templates/", () => {
  it("lists those of all modules, or of one, as the task API does", async () => {
    const save = (body: Json) => site.post("/api/tasks/templates/", { key, body }, 201);
    const fields = { notification_settings: { notify_on_error: true } };
    await save({ name: "cierre", task_name: "bank.close", module: "Contabilidad", ...fields });
    await save({ name: "pagos", task_name: "nomina.pagar", module: "nomina" });
    const list = (query = "") => site.get<List<Json>>(`${BASE}/templates/?${query}`, reader);
    const names = async (query: string) => (await list(query)).results.map(({ name }) => name);
    expect(await list()).toEqual(await site.get("/api/tasks/templates/", reader));
    expect(await names("")).toEqual(["cierre", "pagos"]);
    expect(await names("module=nomina")).toEqual(["pagos"]);
    expect(await names("module=otro")).toEqual([]);
    expect((await list("module=contabilidad")).results[0]).toMatchObject({
      name: "cierre",
      task_name: "bank.close",
      module: "Contabilidad",
      estimated_duration: 60,
      default_parameters: {},
      typical_steps: [],
      is_active: true,
      notification_settings: { notify_on_error: true },
    });
    expect((await list("module=nomina")).results[0]).toMatchObject({ notification_settings: {} });
  });

  it("are for whoever may read tasks", async () => {
    await expectProblem(await site.ask("GET", `${BASE}/templates/`, tracker), 403, "forbidden");
  });
});

describe("whoever is no administrator", () => {
  it("sees their own tasks only, whatever their role", async () => {
    const users = [idOf(viewer), idOf(operator), keyUser(tracker), null];
    const [ofViewer = "", ofOperator = "", ofTracker = "", ofNobody = ""] = await Promise.all(
      users.map((user) => start("done", user)),
    );
    const all = [ofViewer, ofOperator, ofTracker, ofNobody];
    const sees: [asking: object, own: string[]][] = [
      [{ cookie: viewer.cookie }, [ofViewer]],
      [{ cookie: operator.cookie }, [ofOperator]],
      [tracker, [ofTracker]],
      [admin, all],
      [reader, all],
    ];
    for (const [asking, own] of sees) {
      const { results, count } = await site.get<List<Execution>>(`${TASKS}/`, asking);
      expect(new Set(ids(results))).toEqual(new Set(own));
      expect(count).toBe(own.length);
      const ofModule = await site.get<Tasks>(`${TASKS}/module_tasks/?module=nomina`, asking);
      expect(new Set(ids(ofModule.tasks))).toEqual(new Set(own));
      for (const id of all) {
        const isSeen = own.includes(id);
        const response = await site.ask("GET", `${TASKS}/${id}/`, asking);
        expect(response.status).toBe(isSeen ? 200 : 404);
        expect((await status(id, asking))["exists_locally"]).toBe(isSeen);
      }
    }
    expect(await status(ofViewer, { cookie: operator.cookie })).toEqual({
      ...(await status("nobody")),
      task_id: ofViewer,
      user_friendly_message: `No existe la tarea "${ofViewer}".`,
    });
  });

  it("is told no more of another's running task", async () => {
    const of = await oneOfEach(idOf(viewer));
    const active = (asking: object) => site.get<Tasks>(`${TASKS}/active_tasks/`, asking);
    expect(new Set(ids((await active(viewer)).tasks))).toEqual(
      new Set([of["STARTED"], of["RETRY"]]),
    );
    expect((await active(operator)).count).toBe(0);
    expect((await active(admin)).count).toBe(3);
  });
});

it.each(["tasks/", "tasks/status/x/", "notifications/", "templates/", "nothing/"])(
  "%s asks the unknown for credentials, in the old words too",
  async (path) => {
    const problem = await expectProblem(
      await site.ask("GET", `${BASE}/${path}`),
      401,
      "unauthorized",
    );
    expect(problem).toMatchObject({ success: false, error: problem.detail });
  },
);
