/** Programs of the old task manager register tracked work ahead, with steps, for a person. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { firstIdAt } from "../../../src/lib/ids";
import { recover } from "../../../src/tasks/recovery/recover";
import { saveTemplate, type Template } from "../../../src/tasks/templates/templates";
import { apiKey, expectProblem, type List } from "../../support/api";
import type { Execution } from "../../support/api-orders";
import { countingDatabase } from "../../support/counting";
import { taskOf } from "../../support/engine";
import { person } from "../../support/people";
import { clearTasks, expectRightCounts } from "../../support/recount";
import { siteOf, someKeys } from "../../support/task-site";
import { programOf, someWork } from "../../support/tracked";

const site = siteOf();
const { tracker: key, viewer, operator } = await someKeys();
const PATH = "/api/tasks/executions/";
const DAY_MS = 86_400_000;

beforeEach(async () => {
  await clearTasks();
  await env.DB.exec("DELETE FROM notifications");
  await env.DB.exec("DELETE FROM task_templates");
});

const program = programOf(site, key);
const start = (overrides: Record<string, unknown> = {}) => program.start(someWork(overrides));
const ahead = (overrides: Record<string, unknown> = {}) =>
  start({ status: "PENDING", ...overrides });
const { report } = program;
const found = async (query: string) => {
  const { results } = await site.get<List<Execution>>(`${PATH}?${query}`, { key: viewer });
  return results.map(({ id }) => id);
};
const eventsOf = ({ timeline }: Execution) => timeline.map(({ event }) => event);
const waitsUntil = async (id: string) =>
  (await env.DB.prepare("SELECT check_at FROM tasks WHERE id = ?")
    .bind(id)
    .first<number>("check_at")) ?? 0;

describe("work registered ahead", () => {
  it("is PENDING until its first progress above 0, and then runs", async () => {
    const task = await ahead();
    const pending = { status: "PENDING", started_at: null, is_running: false, attempts: 0 };
    expect(task).toMatchObject(pending);
    expect(eventsOf(task)).toEqual(["queued"]);
    for (const body of [{}, { progress_percentage: 0 }, { current_step: "En cola" }]) {
      expect(await report(task.id, body)).toMatchObject(pending);
    }
    const running = await report(task.id, { progress_percentage: 1 });
    expect(running).toMatchObject({
      status: "PROGRESS",
      started_at: expect.any(String),
      is_running: true,
      current_step: "En cola",
    });
    expect(eventsOf(running)).toEqual(["queued", "started"]);
    const { started_at } = running;
    expect(await report(task.id, { progress_percentage: 0 })).toMatchObject({
      status: "PROGRESS",
      started_at,
    });
    expect(await report(task.id, { status: "SUCCESS" })).toMatchObject({ started_at });
  });

  it("runs from a progress that only rounds to 0", async () => {
    const { id } = await ahead({ total_steps: 1000 });
    expect(await report(id, { step_number: 1 })).toMatchObject({
      status: "PROGRESS",
      progress_percentage: 0,
    });
  });

  it.each(["SUCCESS", "FAILURE"])("that ends with %s unheard took no time", async (status) => {
    const { id } = await ahead();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const ended = await report(id, { status });
    expect(ended).toMatchObject({ status, duration_seconds: 0, attempts: 1 });
    expect(ended["started_at"]).toBe(ended["completed_at"]);
    await expectRightCounts(true);
  });

  it("is listed, counted and shown as PENDING wherever states are told", async () => {
    const caller = await person("operator");
    const asking = { cookie: caller.cookie };
    const body = someWork({ status: "PENDING" });
    const { id } = await site.post<Execution>(PATH, { ...asking, body }, 201);
    const states = async () => {
      const { totals } = await site.get<{ totals: Record<string, number> }>("/api/tasks/info/", {
        key: viewer,
      });
      const own = await site.get<{ stats: object }>("/api/tasks/user-tasks/", asking);
      return { totals, stats: own.stats };
    };
    expect(await states()).toMatchObject({
      totals: { PENDING: 1, STARTED: 0, PROGRESS: 0 },
      stats: { pending: 1, started: 0 },
    });
    expect(await found("status=PENDING")).toEqual([id]);
    expect(await found("status=STARTED")).toEqual([]);
    expect(await found("status=PROGRESS")).toEqual([]);
    await site.patch(PATH + id, { ...asking, body: { progress_percentage: 0 } });
    expect(await found("status=PENDING")).toEqual([id]);
    expect(await found("status=PROGRESS")).toEqual([]);
    const page = await site.ask("GET", `/admin/tasks/${id}`, asking);
    expect(await page.text()).toContain("is-pending");
    await site.patch(PATH + id, { ...asking, body: { progress_percentage: 50 } });
    expect(await states()).toMatchObject({
      totals: { PENDING: 0, STARTED: 0, PROGRESS: 1 },
      stats: { pending: 0, started: 1 },
    });
    expect(await found("status=PENDING")).toEqual([]);
    expect(await found("status=PROGRESS")).toEqual([id]);
  });

  describe("among more than is looked at of a lane", () => {
    /**
     * Inserts this many tasks, accepted before whatever else there is, and each after those before
     * it.
     */
    let first = 0;
    const many = async (count: number, of: { startedAt?: number; status?: string } = {}) => {
      const { startedAt = null, status = "PENDING" } = of;
      const insert = env.DB.prepare(
        `INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, ready_at, check_at,
           created_at, started_at, timeout_ms, external_id)
         WITH RECURSIVE n(i) AS (SELECT ?1 + 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 + ?2)
         SELECT printf('%s-7000-8000-%012x', ?5, i), 'nomina.calcular', 'nomina', 'tracked', ?4,
           '{}', 4, 9e15, 9e14, 0, ?3, 1000, 'n' || i FROM n`,
      );
      const tally = env.DB.prepare(
        `UPDATE task_counts SET created = created + ?1, success = success + iif(?2 = 'SUCCESS', ?1, 0)
         WHERE name = 'nomina.calcular'`,
      );
      await env.DB.batch([
        insert.bind(first, count, startedAt, status, firstIdAt(Date.now() - 60_000)),
        tally.bind(count, status),
      ]);
      first += count;
    };
    beforeEach(() => {
      first = 0;
    });
    const told = async () => {
      const { totals } = await site.get<{ totals: Record<string, number> }>("/api/tasks/info/", {
        key: viewer,
      });
      const stats = await site.get<{ by_status: Record<string, number> }>(
        "/api/tasks/stats/?module=nomina",
        { key: viewer },
      );
      const { PENDING, STARTED } = stats.by_status;
      return { all: [totals["PENDING"], totals["STARTED"]], module: [PENDING, STARTED] };
    };

    it.each([300, 990, 1500])("%i that wait are all PENDING", async (count) => {
      await Promise.all(Array.from({ length: 3 }, () => start()));
      await many(count);
      expect(await told()).toEqual({ all: [count, 3], module: [count, 3] });
    });

    it("1500 that run are all STARTED", async () => {
      await ahead();
      await many(1500, { startedAt: 1 });
      await env.DB.exec("UPDATE tasks SET check_at = 1 WHERE started_at IS NULL");
      expect(await told()).toEqual({ all: [1, 1500], module: [1, 1500] });
    });

    it("finds those that run, older than a thousand other tasks", async () => {
      await start();
      await many(3, { startedAt: 1 });
      await env.DB.exec("UPDATE tasks SET progress = 10 WHERE started_at = 1");
      await many(2, { startedAt: 1 });
      await many(650);
      await many(1000, { status: "SUCCESS" });
      const { DB, counts } = countingDatabase();
      const counting = siteOf([], { DB });
      const foundBy = async (path: string) => {
        const page = await counting.get<Partial<List<Execution> & { tasks: Execution[] }>>(path, {
          key: viewer,
        });
        return (page.tasks ?? page.results ?? []).map(({ id }) =>
          Number.parseInt(id.slice(24), 16),
        );
      };
      expect(await foundBy(`${PATH}?status=PROGRESS`)).toEqual([3, 2, 1]);
      expect(counts.rowsRead).toBeLessThan(1000);
      expect((await foundBy(`${PATH}?status=STARTED`)).slice(1)).toEqual([5, 4]);
      const active = await foundBy("/api/task-manager/tasks/active_tasks/");
      expect(active.slice(1)).toEqual([5, 4, 3, 2, 1]);
    });
  });

  it("may be silent for a day, or its timeout if that is longer, and then as long as it said", async () => {
    const { id } = await ahead({ timeout_seconds: 60 });
    const began = Date.parse((await site.execution(id, viewer))["created_at"] as string);
    expect(await waitsUntil(id)).toBe(began + DAY_MS);
    expect((await recover(site.env, began + DAY_MS - 1)).lost).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await report(id, { current_step: "En cola" });
    expect(await waitsUntil(id)).toBeGreaterThan(began + DAY_MS);
    await report(id, { progress_percentage: 10 });
    const running = await waitsUntil(id);
    expect(running).toBeLessThan(Date.now() + 61_000);
    expect((await recover(site.env, running)).lost).toBe(1);
    const lost = { error_code: "lost", error_message: "No report for 60 s", attempts: 1 };
    expect(await site.execution(id, viewer)).toMatchObject(lost);
    const patient = await ahead({ timeout_seconds: 200_000 });
    expect((await waitsUntil(patient.id)) - Date.now()).toBeGreaterThan(2 * DAY_MS);
  });

  it("that nobody takes up is lost without having begun", async () => {
    const { id } = await ahead({ timeout_seconds: 60 });
    await recover(site.env, await waitsUntil(id));
    expect(await site.execution(id, viewer)).toMatchObject({
      status: "FAILURE",
      error_code: "lost",
      error_message: "No report for 86400 s",
      started_at: null,
      attempts: 0,
    });
    await expectRightCounts();
  });

  it("is cancelled like any other, and learns so from its first report", async () => {
    const { id } = await ahead();
    await site.post(`/api/tasks/cancel/${id}/`, { key: operator });
    const refused = await site.ask("PATCH", PATH + id, { key, body: { progress_percentage: 5 } });
    expect((await expectProblem(refused, 409, "wrong_state"))["state"]).toBe("REVOKED");
    expect(await site.execution(id, viewer)).toMatchObject({ started_at: null });
  });

  it("runs once a version that notes no start has taken its progress", async () => {
    const { id } = await ahead();
    await env.DB.prepare("UPDATE tasks SET progress = 40 WHERE id = ?").bind(id).run();
    expect(await site.execution(id, viewer)).toMatchObject({ status: "PROGRESS" });
    expect(await found("status=PROGRESS")).toEqual([id]);
    expect(await found("status=PENDING")).toEqual([]);
    expect(await report(id, { progress_percentage: 50 })).toMatchObject({
      started_at: expect.any(String),
    });
  });
});

describe("tracked work", () => {
  it("keeps its retries, steps, timeout and context, and has the old defaults", async () => {
    expect(await start()).toMatchObject({ max_retries: 3, total_steps: 1, timeout_seconds: 3600 });
    const given = {
      max_retries: 0,
      total_steps: 8,
      timeout_seconds: 90,
      context_data: { mes: 11 },
    };
    const { id } = await start({ ...given, description: "La nómina" });
    expect(await site.execution(id, viewer)).toMatchObject({ ...given, description: "La nómina" });
  });

  it("takes null for what is not given", async () => {
    const names = ["description", "user", "max_retries", "total_steps", "timeout_seconds"];
    const nothing = Object.fromEntries(names.map((name) => [name, null]));
    expect(await start(nothing)).toMatchObject({ max_retries: 3, timeout_seconds: 3600 });
  });

  it("makes a percentage of its step, of the steps it has or the report says", async () => {
    const { id } = await start({ total_steps: 8 });
    const percentOf = async (body: object) => (await report(id, body)).progress_percentage;
    expect(await percentOf({ step_number: 2 })).toBe(25);
    expect(await percentOf({ step_number: 3, total_steps: 4 })).toBe(75);
    expect(await percentOf({ step_number: 1 })).toBe(25);
    expect(await percentOf({ step_number: 9 })).toBe(100);
    expect(await percentOf({ step_number: -1 })).toBe(0);
    expect(await percentOf({ step_number: 3, progress_percentage: 10 })).toBe(10);
    const ended = await report(id, { status: "FAILURE", step_number: 2 });
    expect(ended).toMatchObject({ progress_percentage: 50, total_steps: 4 });
  });

  it("that succeeded is at 100, in its row too", async () => {
    const { id } = await start();
    await report(id, { status: "SUCCESS", progress_percentage: 40 });
    expect((await taskOf(id)).progress).toBe(100);
  });

  it("started for the bare id of a person or a key is theirs", async () => {
    const { id: userId, cookie } = await person("viewer");
    const { id } = await start({ user: userId });
    expect((await taskOf(id)).user).toBe(`user:${userId}`);
    const own = await site.get<List<Execution>>("/api/tasks/user-tasks/", { cookie });
    expect(own.results.map((task) => task.id)).toEqual([id]);
    const other = await apiKey(["tasks:track"]);
    const keyId = await env.DB.prepare("SELECT max(id) AS id FROM api_keys").first<string>("id");
    expect((await taskOf((await start({ user: keyId })).id)).user).toBe(`key:${keyId}`);
    for (const user of [`user:${userId}`, "somebody else"]) {
      expect((await taskOf((await start({ user })).id)).user).toBe(user);
    }
    expect(other).toBeTruthy();
  });
});

describe("a template for work elsewhere", () => {
  const template = (overrides: Partial<Template> = {}) =>
    saveTemplate(env.DB, {
      name: "nómina mensual",
      taskName: "nomina.calcular",
      module: "nomina",
      description: "Cierra el mes",
      defaults: {},
      timeoutSeconds: 7200,
      maxRetries: 5,
      estimatedSeconds: 60,
      steps: ["leer", "sumar", "pagar"],
      notify: { start: true, complete: true, error: true, progress: 25 },
      active: true,
      ...overrides,
    });
  const toldOf = async () =>
    (
      await env.DB.prepare(
        "SELECT user, type, task_id, template, message, count FROM notifications ORDER BY id",
      ).all<{ type: string; task_id: string; message: string | null; count: number }>()
    ).results;
  const typesOf = async () => (await toldOf()).map(({ type, count }) => `${type} ${count}`);

  it("gives what the start did not say", async () => {
    await template();
    const from = { template: "nómina mensual", description: "Cierra el mes", max_retries: 5 };
    const task = await start();
    expect(task).toMatchObject({ ...from, timeout_seconds: 7200, total_steps: 3 });
    const said = { description: "Noviembre", max_retries: 1, timeout_seconds: 60, total_steps: 9 };
    expect(await start(said)).toMatchObject({ ...said, template: "nómina mensual" });
  });

  it.each([
    ["of another module", { module: "ventas" }],
    ["of another name", { taskName: "nomina.pagar" }],
    ["that is inactive", { active: false }],
  ])("%s gives nothing", async (_which, overrides) => {
    await template(overrides);
    expect(await start()).toMatchObject({ template: null, timeout_seconds: 3600 });
    expect(await toldOf()).toEqual([]);
  });

  it("tells of no start by a report that came too late", async () => {
    await template();
    const { id } = await ahead();
    await site.post(`/api/tasks/cancel/${id}/`, { key: operator });
    await report(id, { progress_percentage: 30 }, 409);
    expect(await toldOf()).toEqual([]);
  });

  it("tells its user of its start, of every so many percent, and of its success", async () => {
    await template();
    const { id: userId } = await person("viewer");
    const { id } = await start({ user: userId });
    const mine = { user: `user:${userId}`, task_id: id, template: "nómina mensual" };
    expect(await toldOf()).toMatchObject([{ ...mine, type: "info" }]);
    for (const progress_percentage of [10, 30, 32, 49]) {
      await report(id, { progress_percentage, current_step: "Sumando" });
    }
    expect(await toldOf()).toMatchObject([
      { type: "info" },
      { ...mine, type: "progress", message: "30 % Sumando", count: 1 },
    ]);
    await report(id, { status: "SUCCESS" });
    expect(await typesOf()).toEqual(["info 1", "progress 1", "success 1"]);
  });

  it("tells of the start of work registered ahead once it runs", async () => {
    await template();
    const { id } = await ahead();
    await report(id, { current_step: "En cola" });
    expect(await typesOf()).toEqual([]);
    await report(id, { progress_percentage: 5 });
    await report(id, { progress_percentage: 6 });
    expect(await typesOf()).toEqual(["info 1"]);
  });

  it("tells of its failure, and of its being lost", async () => {
    await template();
    const failed = await start();
    await report(failed.id, { status: "FAILURE", error_message: "Sin red" });
    expect(await toldOf()).toMatchObject([{ type: "info" }, { type: "error", message: "Sin red" }]);
    await env.DB.exec("DELETE FROM notifications");
    const lost = await start();
    await recover(site.env, await waitsUntil(lost.id));
    expect(await toldOf()).toMatchObject([
      { type: "info" },
      { type: "error", task_id: lost.id, message: "No report for 7200 s", count: 1 },
    ]);
  });

  it("tells nothing of a start that found the task there, nor of a report that came too late", async () => {
    await template();
    const body = someWork();
    const { id } = await site.post<Execution>(PATH, { key, body }, 201);
    await site.post(PATH, { key, body }, 200);
    await report(id, { status: "SUCCESS" });
    const told = await toldOf();
    await report(id, { status: "FAILURE" }, 409);
    await report(id, { progress_percentage: 99 }, 409);
    expect(await toldOf()).toEqual(told);
    expect(told).toMatchObject([
      { type: "info", count: 1 },
      { type: "success", count: 1 },
    ]);
  });
});
