import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { consumeDeadLetters } from "../../../src/tasks/running/dead-letters";
import { recover } from "../../../src/tasks/recovery/recover";
import { apiKey, expectBadParameter, expectProblem, type List } from "../../support/api";
import type { Execution } from "../../support/api-orders";
import { taskOf } from "../../support/engine";
import { clearTasks } from "../../support/recount";
import { person } from "../../support/people";
import { type Asking, siteOf, someKeys } from "../../support/task-site";
import { programOf, someWork } from "../../support/tracked";

const site = siteOf();
const keys = await someKeys();
const key = keys.tracker;
const PATH = "/api/tasks/executions/";

beforeEach(clearTasks);

const { start, report } = programOf(site, key);
const found = async (query: string) => {
  const { results } = await site.get<List<Execution>>(`${PATH}?${query}`, { key: keys.viewer });
  return results.map(({ id }) => id);
};

describe("tracked work", () => {
  it("is one task under each form Unicode has of its id, and echoes the first", async () => {
    const body = someWork({ task_id: `revisión ${crypto.randomUUID()}`.normalize("NFD") });
    const started = await start(body);
    expect(started.task_id).toBe(body.task_id);
    const composed = body.task_id.normalize("NFC");
    const again = await start({ ...body, task_id: composed }, 200);
    expect(again).toMatchObject({ id: started.id, task_id: body.task_id });
    expect(await found(`search=${encodeURIComponent(composed)}`)).toEqual([started.id]);
    expect(await report(composed, { status: "SUCCESS" })).toMatchObject({ id: started.id });
  });

  it("runs from the moment it is known, reports, and ends, known by both its ids", async () => {
    const body = someWork({
      description: "La nómina",
      timeout_seconds: 60,
      context_data: { mes: 11 },
    });
    const started = await start(body);
    expect(started).toMatchObject({
      task_id: body.task_id,
      task_name: "nomina.calcular",
      task_module: "nomina",
      description: "La nómina",
      context_data: { mes: 11 },
      status: "STARTED",
      progress_percentage: 0,
      current_step: "",
      queue_name: "tracked",
      timeout_seconds: 60,
      attempts: 1,
      is_running: true,
      is_finished: false,
      requested_by: expect.stringMatching(/^key:/),
    });
    expect(started.id).not.toBe(body.task_id);

    const half = { progress_percentage: 49.6, current_step: "Sumando", total_steps: 4 };
    expect(await report(body.task_id, half)).toMatchObject({
      status: "PROGRESS",
      progress_percentage: 50,
      current_step: "Sumando",
      total_steps: 4,
    });
    expect(await report(started.id, { current_step: "Pagando" })).toMatchObject({
      progress_percentage: 50,
      current_step: "Pagando",
    });
    const ended = await report(started.id, { status: "SUCCESS", result_data: { pagos: 7 } });
    expect(ended).toMatchObject({
      status: "SUCCESS",
      progress_percentage: 100,
      result_data: { pagos: 7 },
      is_successful: true,
      completed_at: expect.any(String),
      duration_seconds: expect.any(Number),
    });
    const byName = encodeURIComponent(body.task_id);
    const one = await site.execution(byName, keys.viewer);
    expect(one).toMatchObject({ id: started.id, context_data: { mes: 11 } });
    expect(await site.execution(started.id, keys.viewer)).toEqual(one);
  });

  it("keeps how far it was when it failed", async () => {
    const { task_id } = await start(someWork());
    const end = { status: "FAILURE", progress_percentage: 40, current_step: "Leyendo" };
    expect(await report(task_id, { ...end, error_message: "Sin red" })).toMatchObject({
      status: "FAILURE",
      error_code: "failed",
      error_message: "Sin red",
      progress_percentage: 40,
      current_step: "Leyendo",
    });
  });

  describe("was updated when it last reported,", () => {
    const later = async <Answer>(then: () => Promise<Answer>) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return then();
    };
    const timesOf = async ({ id }: Execution) => {
      const one = await site.execution(id, keys.viewer);
      const own = await site.get<{ tasks: Execution[] }>("/api/tasks/user-tasks/", { key });
      const [row] = (await site.get<List<Execution>>(PATH, { key: keys.viewer })).results;
      const old = await site.get<{ flower_timestamp: number }>(
        `/api/task-manager/tasks/status/${id}/`,
        { key: keys.viewer },
      );
      const at = Date.parse(String(one["updated_at"]));
      const told = [row, ...own.tasks].map((task) => Date.parse(String(task?.["updated_at"])));
      expect([...told, old.flower_timestamp * 1000]).toEqual([at, at, at]);
      return at;
    };

    it.each([
      ["running", {}],
      ["running, patient", { timeout_seconds: 200_000 }],
      ["registered ahead", { status: "PENDING", timeout_seconds: 60 }],
      ["registered ahead, patient", { status: "PENDING", timeout_seconds: 200_000 }],
    ])("%s", async (_which, overrides) => {
      const task = await start(someWork(overrides));
      let last = await timesOf(task);
      expect(last).toBe(Date.parse(String(task["created_at"])));
      for (const body of [{}, { current_step: "En cola" }, { progress_percentage: 0.1 }, {}]) {
        const before = Date.now();
        const told = await later(() => report(task.id, body));
        const at = await timesOf(task);
        expect(at).toBe(Date.parse(String(told["updated_at"])));
        expect(at).toBeGreaterThan(last);
        expect(at).toBeGreaterThanOrEqual(before);
        expect(at).toBeLessThanOrEqual(Date.now());
        last = at;
      }
      const ended = await later(() => report(task.id, { status: "SUCCESS" }));
      expect(ended["updated_at"]).toBe(ended["completed_at"]);
      expect(await timesOf(task)).toBeGreaterThan(last);
    });

    it("never before it was accepted, nor after it ended, whatever wrote its row", async () => {
      const task = await start(someWork());
      const set = (sql: string) => env.DB.prepare(sql).bind(task.id).run();
      await set("UPDATE tasks SET check_at = created_at WHERE id = ?");
      expect(await timesOf(task)).toBe(Date.parse(String(task["created_at"])));
      await set("UPDATE tasks SET check_at = created_at + 9e6 WHERE id = ?");
      await site.post(`/api/tasks/cancel/${task.id}/`, { key });
      const ended = await site.execution(task.id, keys.viewer);
      expect(ended["updated_at"]).toBe(ended["completed_at"]);
    });
  });

  describe("refuses what a report would drop:", () => {
    const result_data = { pagos: 7 };
    const error_message = "Sin red";
    const error_traceback = ["Traceback:\n", "  File x"];
    it.each<[status: string | null | undefined, what: Record<string, unknown>, told: string]>([
      [undefined, { result_data }, "SUCCESS or FAILURE"],
      [null, { result_data }, "SUCCESS or FAILURE"],
      [undefined, { result_data: 0 }, "SUCCESS or FAILURE"],
      [undefined, { result_data: false }, "SUCCESS or FAILURE"],
      [undefined, { error_message }, "FAILURE"],
      [undefined, { error_message: { code: 7 } }, "FAILURE"],
      [undefined, { error_traceback }, "FAILURE"],
      ["SUCCESS", { error_message }, "FAILURE"],
      ["SUCCESS", { error_traceback }, "FAILURE"],
    ])("of status %s %j", async (status, what, told) => {
      const { id } = await start(someWork());
      const [name = ""] = Object.keys(what);
      const body = { status, progress_percentage: 40, ...what };
      const refused = await site.ask("PATCH", PATH + id, { key, body });
      const { detail, parameter } = await expectProblem(refused, 400, "invalid_parameter");
      expect({ detail, parameter }).toEqual({
        detail: `${name}: is told with status ${told}`,
        parameter: name,
      });
      const untouched = { status: "STARTED", progress_percentage: 0, current_step: "" };
      expect(await site.execution(id, keys.viewer)).toMatchObject(untouched);
    });

    it.each([null, "", {}, []])("but not %j, which says nothing", async (nothing) => {
      const names = ["result_data", "error_message", "error_traceback"];
      const said = Object.fromEntries(names.map((name) => [name, nothing]));
      const { id } = await start(someWork());
      const half = { progress_percentage: 40, step_number: 2, total_steps: 5 };
      expect(await report(id, { ...half, ...said })).toMatchObject({ status: "PROGRESS" });
      expect(await report(id, { status: "SUCCESS", ...said })).toMatchObject({
        status: "SUCCESS",
        error_message: "",
        error_traceback: "",
      });
      const failed = await start(someWork());
      expect(await report(failed.id, { status: "FAILURE", ...said })).toMatchObject({
        status: "FAILURE",
        error_message: "",
      });
    });
  });

  it("cuts words of any length with a mark, and refuses none", async () => {
    const { id } = await start(someWork({ description: `Cálculo ${"💥".repeat(50_000)}` }));
    await report(id, { current_step: `Sumando ${"a".repeat(200_000)}` });
    const error_message = `Sin red\n${"línea de la traza\n".repeat(10_000)}`;
    const ended = await report(id, { status: "FAILURE", error_message });
    expect(ended.error_message).toBe(`${error_message.slice(0, 499)}…`);
    expect(ended["description"]).toMatch(/^Cálculo (💥)+…$/u);
    expect(String(ended["description"]).length).toBeGreaterThan(498);
    expect(ended["current_step"]).toMatch(/^Sumando a{491}…$/);
  });

  it("keeps a result and a context that fit, of larger ones their size and beginning", async () => {
    const fits = { filas: "f".repeat(63_900) };
    const large = { filas: "g".repeat(250_000) };
    const characters = JSON.stringify(large).length;
    for (const [sent, kept] of [
      [fits, fits],
      [large, { too_large: true, characters, beginning: expect.stringMatching(/^{"filas":"g+…$/) }],
    ]) {
      const { id } = await start(someWork({ context_data: sent }));
      const ended = await report(id, { status: "SUCCESS", result_data: sent });
      expect(ended.result_data).toEqual(kept);
      const one = await site.execution(id, keys.viewer);
      expect(one).toMatchObject({ status: "SUCCESS", result_data: kept, context_data: kept });
    }
  });

  it("started twice is the same task", async () => {
    const body = someWork();
    const first = await start(body);
    expect((await start({ ...body, description: "otra" }, 200)).id).toBe(first.id);
    expect(await found("task_module=nomina")).toEqual([first.id]);
  });

  it("started at once by two is one task", async () => {
    const body = someWork();
    const both = await Promise.all([1, 2].map(() => site.ask("POST", PATH, { key, body })));
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 201]));
    expect(await found("task_module=nomina")).toHaveLength(1);
  });

  it("answers 409 to a report after the end, and notes it where it belongs in time", async () => {
    const { id, task_id } = await start(someWork());
    await report(id, { status: "SUCCESS" });
    await new Promise((resolve) => setTimeout(resolve, 2));
    for (const late of [{ progress_percentage: 10 }, { status: "FAILURE" }, {}]) {
      const response = await site.ask("PATCH", `${PATH}${id}`, { key, body: late });
      expect((await expectProblem(response, 409, "wrong_state"))["state"]).toBe("SUCCESS");
    }
    const task = await site.execution(id, keys.viewer);
    expect(task).toMatchObject({ status: "SUCCESS", progress_percentage: 100 });
    const events = task.timeline.map(({ event }) => event);
    const late = ["late_report", "late_report", "late_report"];
    expect(events).toEqual(["queued", "started", "finished", ...late]);
    const again = await site.ask("POST", PATH, { key, body: someWork({ task_id }) });
    await expectProblem(again, 409, "already_ended");
  });

  it("notes no more than eighty late reports", async () => {
    const { id } = await start(someWork());
    await report(id, { status: "FAILURE" });
    for (let count = 0; count < 85; count++) {
      await site.ask("PATCH", PATH + id, { key, body: {} });
    }
    const { timeline } = await site.execution(id, keys.viewer);
    expect(timeline.filter(({ event }) => event === "late_report")).toHaveLength(80);
  });

  it("is lost once it was silent for its timeout, which every report begins anew", async () => {
    const { id } = await start(someWork({ timeout_seconds: 600 }));
    const began = Date.parse((await site.execution(id, keys.viewer))["started_at"] as string);
    await recover(site.env, began + 599_000);
    expect((await taskOf(id)).status).toBe("PENDING");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await report(id, {});
    const { check_at } = (await env.DB.prepare("SELECT check_at FROM tasks WHERE id = ?")
      .bind(id)
      .first<{ check_at: number }>()) ?? { check_at: 0 };
    expect(check_at).toBeGreaterThan(began + 600_000);
    expect((await recover(site.env, check_at - 1)).lost).toBe(0);
    expect((await recover(site.env, check_at)).lost).toBe(1);
    expect((await recover(site.env, check_at)).lost).toBe(0);
    expect(await site.execution(id, keys.viewer)).toMatchObject({
      status: "FAILURE",
      error_code: "lost",
      error_message: "No report for 600 s",
    });
    await report(id, { status: "SUCCESS" }, 409);
  });

  it("has recovery look for its silence though nothing else is open", async () => {
    // An isolate asks seldom, so it must be later.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    let armed = 0;
    const RECOVERY = { getByName: () => ({ arm: async () => void (armed += 1) }) };
    await siteOf([], { RECOVERY }).post(PATH, { key, body: someWork() }, 201);
    vi.useRealTimers();
    expect(armed).toBe(1);
  });

  it("that is cancelled learns so from its next report", async () => {
    const { id, task_id } = await start(someWork());
    const path = `/api/tasks/cancel/${encodeURIComponent(task_id)}/`;
    await site.post(path, { key: keys.operator });
    const response = await site.ask("PATCH", PATH + id, { key, body: { progress_percentage: 5 } });
    expect((await expectProblem(response, 409, "wrong_state"))["state"]).toBe("REVOKED");
    expect((await site.execution(id, keys.viewer)).status).toBe("REVOKED");
    await expectProblem(await site.ask("POST", path, { key: keys.operator }), 409, "wrong_state");
  });

  it("may be cancelled by its user, whatever their scopes", async () => {
    const { id } = await start(someWork());
    expect((await site.ask("POST", `/api/tasks/cancel/${id}`, { key })).status).toBe(200);
    const other = await start(someWork({ user: "user:somebody" }));
    expect((await site.ask("POST", `/api/tasks/cancel/${other.id}`, { key })).status).toBe(403);
  });

  describe("of another", async () => {
    const other = { key: await apiKey(["tasks:track", "tasks:read"]) };
    const reportOf = (id: string, asking: Asking, body: unknown) =>
      site.ask("PATCH", `${PATH}${encodeURIComponent(id)}`, { ...asking, body });

    it("is neither reported on, nor ended, nor taken over", async () => {
      const { id, task_id } = await start(someWork());
      for (const body of [{ progress_percentage: 5 }, { status: "SUCCESS" }, {}]) {
        for (const name of [id, task_id]) {
          const refused = await reportOf(name, other, body);
          const problem = await expectProblem(refused, 403, "forbidden");
          expect(problem["scope"]).toBe("tasks:write");
        }
      }
      const again = await site.ask("POST", PATH, { ...other, body: someWork({ task_id }) });
      expect((await expectProblem(again, 409, "task_id_taken")).detail).toContain(task_id);
      const task = await site.execution(id, keys.viewer);
      expect(task).toMatchObject({ status: "STARTED", progress_percentage: 0 });
      expect(task.timeline.map(({ event }) => event)).toEqual(["queued", "started"]);
    });

    it("is ended by whoever may act on every task, or is its user", async () => {
      const mine = await site.post<Execution>(PATH, { ...other, body: someWork() }, 201);
      const theirs = await start(someWork({ user: mine["user"] }));
      expect((await reportOf(theirs.id, other, { status: "SUCCESS" })).status).toBe(200);
      const writer = { key: await apiKey(["tasks:track", "tasks:write"]) };
      const operator = { cookie: (await person("operator")).cookie };
      for (const asking of [writer, operator]) {
        const { id } = await start(someWork());
        expect((await reportOf(id, asking, { status: "FAILURE" })).status).toBe(200);
      }
    });

    it("that began before its starter was kept goes on as it began", async () => {
      const { id } = await start(someWork());
      await env.DB.prepare("UPDATE tasks SET worker = NULL WHERE id = ?").bind(id).run();
      expect((await reportOf(id, other, { status: "SUCCESS" })).status).toBe(200);
    });
  });

  it("names who reports on it as its worker", async () => {
    const { worker_name, requested_by } = await start(someWork());
    expect(worker_name).toBe(requested_by);
  });

  it("is listed as STARTED, then as PROGRESS, never as PENDING, and found by its name", async () => {
    const body = someWork();
    const { id } = await start(body);
    expect(await found("status=STARTED")).toEqual([id]);
    expect(await found("status=PENDING")).toEqual([]);
    await report(id, { progress_percentage: 1 });
    expect(await found("status=PROGRESS")).toEqual([id]);
    expect(await found("status=STARTED")).toEqual([]);
    expect(await found(`search=${encodeURIComponent(body.task_id)}`)).toEqual([id]);
    await report(id, { status: "FAILURE" });
    expect(await found("status=FAILURE")).toEqual([id]);
    expect(await found("status=PROGRESS")).toEqual([]);
  });

  it("is counted in the statistics of its module", async () => {
    const ids = [];
    for (let count = 0; count < 4; count++) {
      ids.push((await start(someWork())).id);
    }
    await report(ids[0] ?? "", { status: "SUCCESS" });
    await report(ids[1] ?? "", { status: "FAILURE", error_message: "no" });
    await report(ids[2] ?? "", { progress_percentage: 5 });
    const reader = { key: keys.viewer };
    expect(await site.get("/api/tasks/stats/?module=nomina", reader)).toMatchObject({
      total_tasks: 4,
      success_rate: 25,
      by_status: { PENDING: 0, STARTED: 2, SUCCESS: 1, FAILURE: 1, REVOKED: 0 },
      by_task_name: { "nomina.calcular": 4 },
      outcomes_by_task_name: { "nomina.calcular": { total: 4, success: 1, failure: 1 } },
      recent_failures: [{ task_name: "nomina.calcular", error_message: "no" }],
    });
    const { totals } = await site.get<{ totals: object }>("/api/tasks/info/", reader);
    expect(totals).toMatchObject({ PENDING: 0, STARTED: 1, PROGRESS: 1, SUCCESS: 1, FAILURE: 1 });
  });

  it("is not brought back by a retry, one or all, nor replayed", async () => {
    const { id } = await start(someWork());
    await report(id, { status: "FAILURE" });
    const retry = await site.ask("POST", `/api/tasks/retry/${id}`, { key: keys.operator });
    await expectProblem(retry, 409, "wrong_state");
    await new Promise((resolve) => setTimeout(resolve, 2));
    const { task_id } = await site.post<{ task_id: string }>(
      "/api/tasks/bulk/",
      { key: keys.operator, body: { action: "retry", filter: {} } },
      202,
    );
    await site.run(task_id);
    expect((await site.execution(task_id, keys.viewer)).result_data).toEqual({
      matched: 1,
      done: 0,
    });
    expect((await taskOf(id)).status).toBe("FAILURE");
    const asked = { key: keys.operator, body: { input: {} } };
    const replay = await site.ask("POST", `/api/tasks/replay/${id}`, asked);
    await expectProblem(replay, 404, "unknown_task");
  });

  it("is neither claimed nor ended by a message that names it", async () => {
    const { id } = await start(someWork());
    await site.run(id);
    const body = { v: 1, task_id: id };
    const message = { id: "forged", timestamp: new Date(), attempts: 101, body };
    await consumeDeadLetters(createMessageBatch("pedidos-dead-letters", [message]), site.env);
    expect(await site.execution(id, keys.viewer)).toMatchObject({ status: "STARTED", attempts: 1 });
  });
});

describe("starting and reporting over HTTP", () => {
  it.each([
    ["task_id", { task_id: "" }],
    ["task_id", { task_id: ".." }],
    ["task_id", { task_id: "half a \ud83d" }],
    ["task_id", { task_id: undefined }],
    ["task_id", { task_id: "x".repeat(256) }],
    ["task_id", { task_id: "\u3164\u2800" }],
    ["task_name", { task_name: 7 }],
    ["task_name", { task_name: "\u200b" }],
    ["task_name", { task_name: "pedidos.procesar" }],
    ["task_module", { task_module: " " }],
    ["timeout_seconds", { timeout_seconds: 0 }],
    ["timeout_seconds", { timeout_seconds: 1e12 }],
    ["context_data", { context_data: deep(101) }],
    ["user", { user: "" }],
    ["user", { user: "\u2800" }],
    ["status", { status: "SUCCESS" }],
    ["max_retries", { max_retries: -1 }],
    ["total_steps", { total_steps: 1.5 }],
  ])("refuses a bad %s", async (parameter, wrong) => {
    const response = await site.ask("POST", PATH, { key, body: someWork(wrong) });
    await expectBadParameter(response, parameter);
  });

  it.each([
    ["status", { status: "STARTED" }],
    ["progress_percentage", { progress_percentage: 101 }],
    ["progress_percentage", { progress_percentage: -1 }],
    ["progress_percentage", { progress_percentage: "50" }],
    ["step_number", { step_number: "1" }],
    ["total_steps", { total_steps: 1.5 }],
    ["error_message", { status: "FAILURE", error_message: deep(101) }],
    ["result_data", { status: "SUCCESS", result_data: deep(101) }],
  ])("refuses a report with a bad %s", async (parameter, wrong) => {
    const { id } = await start(someWork());
    await expectBadParameter(await site.ask("PATCH", PATH + id, { key, body: wrong }), parameter);
  });

  it("refuses what is no JSON, and members it does not know", async () => {
    expect((await site.ask("POST", PATH, { key, body: "{" })).status).toBe(400);
    expect((await site.ask("POST", PATH, { key, body: "[".repeat(200_000) })).status).toBe(400);
    expect((await site.ask("POST", PATH, { key, body: someWork({ estado: 1 }) })).status).toBe(400);
  });

  it("keeps apart from the tasks of this system", async () => {
    const order = { id: crypto.randomUUID(), cliente: "ACME", productos: [] };
    const { task_id } = await site.post<{ task_id: string }>(
      "/api/tasks/run/",
      { key: keys.operator, body: { task_name: "pedidos.procesar", input: order } },
      202,
    );
    const stolen = await site.ask("POST", PATH, { key, body: someWork({ task_id }) });
    await expectProblem(stolen, 409, "task_id_taken");
    expect(await found("task_module=nomina")).toEqual([]);
    const reported = await site.ask("PATCH", PATH + task_id, { key, body: { status: "SUCCESS" } });
    await expectProblem(reported, 409, "not_tracked");
    expect((await taskOf(task_id)).status).toBe("PENDING");
  });

  it("takes any name that a URL can carry", async () => {
    for (const name of ["a/b c", "ñandú 💥", "100%", "?x=1#y", "../etc"]) {
      const { id } = await start(someWork({ task_id: name }));
      expect((await report(name, { progress_percentage: 3 })).id).toBe(id);
    }
  });

  it("knows no other task", async () => {
    const response = await site.ask("PATCH", `${PATH}nobody/`, { key, body: {} });
    await expectProblem(response, 404, "task_not_found");
  });

  it.each([
    ["POST", PATH],
    ["PATCH", `${PATH}any`],
  ])("%s needs tasks:track", async (method, path) => {
    const body = someWork();
    await expectProblem(await site.ask(method, path, { body }), 401, "unauthorized");
    const refused = await site.ask(method, path, { key: keys.operator, body });
    await expectProblem(refused, 403, "forbidden");
  });
});

function deep(levels: number): unknown {
  return levels === 0 ? 1 : [deep(levels - 1)];
}
