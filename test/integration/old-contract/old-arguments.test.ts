/** Programs of the old task manager give names of any length and case, nulls, limits and ids. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { enqueueOne } from "../../../src/tasks/accepting/enqueue";
import { adminSession, expectBadParameter, type List } from "../../support/api";
import type { Execution } from "../../support/api-orders";
import { seedLease, seedTasks, tasksOf } from "../../support/api-rows";
import { newBatchId } from "../../../src/lib/ids";
import { person } from "../../support/people";
import { clearTasks } from "../../support/recount";
import { siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";
import { programOf, someWork } from "../../support/tracked";

const sum = aDefinition({ name: "nomina.sumar", module: "nomina" });
const site = siteOf([sum]);
const { tracker, viewer, operator } = await someKeys();
const program = programOf(site, tracker);
const cookie = await adminSession();
const reader = { key: viewer };
const OLD = "/api/task-manager";

beforeEach(async () => {
  await clearTasks();
  await env.DB.exec("DELETE FROM task_templates");
});

describe("a name of more than 100 characters", () => {
  const task_module = `Módulo ${"m".repeat(150)}`;
  const task_name = `Tarea ${"t".repeat(150)}`;

  it("finds what was tracked by it, whatever asks", async () => {
    const { id } = await program.start(someWork({ task_module, task_name }));
    const { id: failed } = await program.start(someWork({ task_module, task_name }));
    await program.report(failed, { status: "FAILURE", error_message: "Sin red" });
    const found = async (path: string) => {
      const page = await site.get<{ results?: Execution[]; tasks?: Execution[] }>(path, reader);
      return (page.results ?? page.tasks ?? []).map((task) => task.id);
    };
    const [module, name] = [task_module, task_name].map((text) =>
      encodeURIComponent(text.toUpperCase()),
    );
    const filter = `task_module=${module}&task_name=${name}`;
    expect(await found(`/api/tasks/executions/?${filter}`)).toEqual([failed, id]);
    expect(await found(`${OLD}/tasks/?module=${module}`)).toEqual([failed, id]);
    expect(await found(`${OLD}/tasks/module_tasks/?module=${module}`)).toEqual([failed, id]);
    const mine = await site.get<List<Execution>>(`/api/tasks/user-tasks/?module=${module}`, {
      key: tracker,
    });
    expect(mine.results).toHaveLength(2);
    const stats = await site.get<Record<string, unknown>>(
      `/api/tasks/stats/?module=${module}`,
      reader,
    );
    expect(stats).toMatchObject({
      total_tasks: 2,
      by_status: { STARTED: 1, FAILURE: 1 },
      recent_failures: [{ error_message: "Sin red" }],
    });
    for (const path of ["tasks", "failures"]) {
      const page = await site.ask("GET", `/admin/${path}?module=${module}&name=${name}`, {
        cookie,
      });
      expect(await page.text(), path).toContain(failed.slice(0, 8));
    }
    const template = { name: "Larga", task_name, module: task_module };
    await site.post("/api/tasks/templates/", { key: operator, body: template }, 201);
    for (const path of ["/api/tasks/templates/", `${OLD}/templates/`]) {
      const { count } = await site.get<List<unknown>>(`${path}?module=${module}`, reader);
      expect(count, path).toBe(1);
    }
    const ticket = await site.ask("POST", "/api/live/tickets", {
      key: viewer,
      body: { module: task_module },
    });
    expect(ticket.status).toBe(201);
    const cancelled = await site.post<Record<string, unknown>>("/api/tasks/user-tasks/cancel/", {
      key: tracker,
      body: { module: task_module, task_name },
    });
    expect(cancelled).toMatchObject({ cancelled: 1 });
  });
});

describe("a module in another case, and without its accents,", () => {
  it("has the statistics of all that are written like it", async () => {
    for (const task_module of ["Nómina", "nomina", "ventas"]) {
      const { id } = await program.start(someWork({ task_module, task_name: task_module }));
      await program.report(id, { status: "FAILURE", error_message: task_module });
      await program.start(someWork({ task_module, task_name: task_module }));
    }
    await enqueueOne(site.env, sum, {}, { user: null });
    const stats = await site.get<Record<string, unknown>>(
      "/api/tasks/stats/?module=NOMINA",
      reader,
    );
    expect(stats).toMatchObject({
      total_tasks: 5,
      by_status: { PENDING: 1, STARTED: 2, FAILURE: 2 },
      by_task_name: { Nómina: 2, nomina: 2, "nomina.sumar": 1 },
      recent_failures: [{ error_message: "nomina" }, { error_message: "Nómina" }],
    });
  });

  it("finds consumers at work on its tasks", async () => {
    await seedLease("worker", await tasksOf(null));
    const workers = (module: string) =>
      site.get<unknown[]>(`/api/tasks/workers/?task_module=${module}`, reader);
    expect(await workers("PÉDIDOS")).toHaveLength(1);
    expect(await workers("ventas")).toEqual([]);
  });
});

describe("null is as good as nothing", () => {
  it("but hides no name that is not known", async () => {
    const template = { name: "x", task_name: sum.name, nonsense: null };
    for (const [path, body, parameter] of [
      ["/api/tasks/templates/", template, "nonsense"],
      ["/api/tasks/user-tasks/cancel/", { task_nme: null }, "task_nme"],
    ] as const) {
      await expectBadParameter(await site.ask("POST", path, { key: operator, body }), parameter);
    }
  });

  it("of a template, but for what it needs", async () => {
    const needed = { name: "Nómina", task_name: "nomina.pagar", module: "nomina" };
    const flags = ["start", "complete", "error", "progress"].map((of) => `notify_on_${of}`);
    const nothing = (names: string[]) => Object.fromEntries(names.map((name) => [name, null]));
    const saved = (body: object, status: number) =>
      site.post<Record<string, unknown>>("/api/tasks/templates/", { key: operator, body }, status);
    const { created_at, updated_at, ...plain } = await saved(needed, 201);
    expect([created_at, updated_at]).not.toContain(undefined);
    const optional = ["description", "default_parameters", "estimated_duration", "is_active"];
    const other = ["default_timeout", "default_max_retries", "typical_steps", "notify"];
    const nulls = nothing([...optional, ...other, "notification_settings"]);
    expect(await saved({ ...needed, ...nulls }, 200)).toMatchObject(plain);
    const settings = { notification_settings: nothing(flags), notify: { progress: null } };
    expect(await saved({ ...needed, ...settings }, 200)).toMatchObject(plain);
    const asking = { key: operator, body: { ...needed, task_name: null } };
    await expectBadParameter(await site.ask("POST", "/api/tasks/templates/", asking), "task_name");
  });

  it("of cancelling a user's tasks", async () => {
    const { id } = await program.start(someWork());
    const body = { user: null, task_module: null, module: null, task_name: null, cursor: null };
    const done = await site.post("/api/tasks/user-tasks/cancel/", { key: tracker, body });
    expect(done).toMatchObject({ cancelled: 1 });
    expect(await site.execution(id, viewer)).toMatchObject({ status: "REVOKED" });
  });
});

describe("any limit and any days", () => {
  it.each([
    "/api/tasks/user-tasks/",
    `${OLD}/tasks/`,
    `${OLD}/tasks/my_tasks/`,
    `${OLD}/tasks/module_tasks/?module=pedidos`,
    `${OLD}/notifications/`,
    `${OLD}/templates/`,
  ])("%s answers at most 200", async (path) => {
    const of = { key: viewer };
    const asked = path + (path.includes("?") ? "&" : "?");
    await seedTasks(
      newBatchId(Date.now()),
      Array.from({ length: 201 }, () => "PENDING" as const),
    );
    await env.DB.prepare("UPDATE tasks SET user = ?")
      .bind(`key:${viewer.split("_")[1]}`)
      .run();
    const page = await site.get<{ results?: unknown[]; tasks?: unknown[] }>(
      `${asked}limit=500`,
      of,
    );
    const most = /tasks/.test(path.slice(OLD.length)) || path.includes("user-tasks") ? 200 : 0;
    expect(page.tasks ?? page.results).toHaveLength(most);
    for (const limit of ["0", "1.5", "x"]) {
      await expectBadParameter(await site.ask("GET", `${asked}limit=${limit}`, of), "limit");
    }
  });

  it("statistics of more than a hundred years are of a hundred", async () => {
    await program.start(someWork());
    const stats = await site.get<Record<string, unknown>>(
      "/api/tasks/stats/?days=99999999",
      reader,
    );
    expect(stats).toMatchObject({ total_tasks: 1 });
  });
});

describe("an id in capitals, or without hyphens,", () => {
  const written = (id: string) => [id.toUpperCase(), id.replaceAll("-", "")];

  it("is that of the task", async () => {
    const { id } = await program.start(someWork());
    for (const path of ["/api/tasks/executions", `${OLD}/tasks`, `${OLD}/tasks/status`]) {
      for (const form of written(id)) {
        expect(await site.get(`${path}/${form}/`, reader), path).toMatchObject({ id });
      }
    }
    const [loud, bare] = written(id);
    expect(await program.report(loud ?? "", { progress_percentage: 10 })).toMatchObject({ id });
    const { results } = await site.get<List<Execution>>(
      `/api/tasks/executions/?search=${bare}`,
      reader,
    );
    expect(results.map((task) => task.id)).toEqual([id]);
    await site.post(`/api/tasks/cancel/${bare}/`, { key: operator });
  });

  it("is another's where that was tracked under it", async () => {
    const { id } = await program.start(someWork());
    const own = await program.start(someWork({ task_id: id.toUpperCase() }));
    expect(own.id).not.toBe(id);
    expect(await site.execution(id.toUpperCase(), viewer)).toMatchObject({ id: own.id });
    expect(await site.execution(id, viewer)).toMatchObject({ id });
  });

  it("is that of the person", async () => {
    const id = crypto.randomUUID();
    const of = await person("viewer");
    await env.DB.batch([
      env.DB.prepare("PRAGMA defer_foreign_keys = on"),
      env.DB.prepare("UPDATE sessions SET user_id = ? WHERE user_id = ?").bind(id, of.id),
      env.DB.prepare("UPDATE accounts SET user_id = ? WHERE user_id = ?").bind(id, of.id),
      env.DB.prepare("UPDATE users SET id = ? WHERE id = ?").bind(id, of.id),
    ]);
    for (const user of [...written(id), `user:${id.toUpperCase()}`]) {
      await clearTasks();
      const task = await program.start(someWork({ user }));
      for (const path of ["executions", "user-tasks"]) {
        const { results } = await site.get<List<Execution>>(
          `/api/tasks/${path}/?user=${user}`,
          reader,
        );
        expect(
          results.map((found) => [found.id, found["user"]]),
          user,
        ).toEqual([[task.id, id]]);
      }
    }
  });
});
