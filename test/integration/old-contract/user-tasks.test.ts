/**
 * What a person or a key started is told in the words of the old task manager, and can be ended all
 * at once.
 */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { enqueueOne } from "../../../src/tasks/accepting/enqueue";
import { newBatchId } from "../../../src/lib/ids";
import { publishTo, type TaskChange } from "../../../src/tasks/model/publish";
import { strictD1 } from "../../platform/d1";
import {
  adminSession,
  call,
  expectBadParameter,
  expectProblem,
  type List,
} from "../../support/api";
import type { Execution } from "../../support/api-orders";
import { seedTasks } from "../../support/api-rows";
import { deliver } from "../../support/engine";
import { door } from "../../support/door";
import { beforeWrites } from "../../support/before-writes";
import { person } from "../../support/people";
import { clearTasks, expectRightCounts } from "../../support/recount";
import { type Asking, siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

const doors = { enter: door() };
const define = (name: string, module: string) =>
  aDefinition({
    name,
    module,
    queue: "orders",
    timeoutMs: 60_000,
    run: async (task) => {
      await doors.enter.pass();
      return (task.input as { fails?: boolean }).fails
        ? { kind: "reject", reason: { code: "no", message: "No pudo ser" } }
        : { kind: "done", result: { filas: 3 } };
    },
  });
const payroll = define("nomina.calcular", "nomina");
const letters = define("nomina.enviar", "nomina");
const books = define("contabilidad.cerrar", "contabilidad");
const site = siteOf([payroll, letters, books]);
const keys = await someKeys();
const idOf = (key: string) => key.split("_")[1] ?? "";

beforeEach(async () => {
  await clearTasks();
  await env.DB.prepare("DELETE FROM audit_log").run();
  doors.enter = door();
});

const start = (definition: typeof payroll, user: string | null, input: object = {}) =>
  enqueueOne(site.env, definition, input, { user });

async function ended(definition: typeof payroll, user: string, input: object = {}) {
  const id = await start(definition, user, input);
  doors.enter.open();
  await site.run(id);
  return id;
}

interface UserTasks extends List<Execution> {
  tasks: Record<string, unknown>[];
  stats: Record<string, number | boolean>;
}
const list = (query: string, asking: Asking) =>
  site.get<UserTasks>(`/api/tasks/user-tasks/${query}`, asking);

describe("GET /api/tasks/user-tasks", () => {
  it("answers tasks with their progress and result, as the old function did", async () => {
    const me = await person("viewer");
    const user = `user:${me.id}`;
    const done = await ended(payroll, user);
    const failed = await ended(books, user, { fails: true });
    const waiting = await start(letters, user);
    await ended(payroll, "user:somebody");
    const { tasks, results, count } = await list("", { cookie: me.cookie });
    expect(count).toBe(3);
    expect(results.map(({ id }) => id)).toEqual([waiting, failed, done]);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const task = (id: string, more: object) => ({
      id,
      task_id: id,
      description: expect.any(String),
      created_at: time,
      updated_at: time,
      progress: 0,
      result: {},
      error_message: "",
      ...more,
    });
    expect(tasks).toEqual([
      task(waiting, { task_name: "nomina.enviar", task_module: "nomina", status: "PENDING" }),
      task(failed, {
        task_name: "contabilidad.cerrar",
        task_module: "contabilidad",
        status: "FAILURE",
        error_message: "No pudo ser",
      }),
      task(done, {
        task_name: "nomina.calcular",
        task_module: "nomina",
        status: "SUCCESS",
        progress: 100,
        result: { filas: 3 },
      }),
    ]);
  });

  it("counts only what its filters show", async () => {
    const me = await person("viewer");
    const asking = { cookie: me.cookie };
    const user = `user:${me.id}`;
    await ended(payroll, user);
    await ended(payroll, user, { fails: true });
    await ended(books, user);
    await start(letters, user);
    const none = { pending: 0, started: 0, success: 0, failure: 0, revoked: 0, capped: false };
    const nomina = { ...none, total: 3, pending: 1, success: 1, failure: 1 };
    expect((await list("?module=nomina", asking)).stats).toEqual(nomina);
    expect((await list("?task_module=N%C3%93MINA", asking)).stats).toEqual(nomina);
    const failures = await list("?module=nomina&status=FAILURE", asking);
    expect(failures.stats).toEqual({ ...none, total: 1, failure: 1 });
    expect(failures.tasks).toHaveLength(1);
    expect((await list("?status=SUCCESS&limit=1", asking)).stats).toEqual({
      ...none,
      total: 2,
      success: 2,
    });
    const first = await list("?module=nomina&limit=1", asking);
    const second = await site.get<UserTasks>(first.next ?? "", asking);
    expect(second.stats).toEqual(nomina);
    expect(second.tasks.map(({ id }) => id)).toEqual(second.results.map(({ id }) => id));
    const both = await site.ask("GET", "/api/tasks/user-tasks?module=a&task_module=b", asking);
    await expectBadParameter(both, "module");
  });

  it("shows another's by a bare id, user:ID or key:ID to who may read tasks", async () => {
    const me = await person("viewer");
    const mine = await ended(payroll, `user:${me.id}`);
    const machine = idOf(keys.none);
    const its = await ended(payroll, `key:${machine}`);
    const reader = { key: keys.viewer };
    for (const [user, id] of [
      [me.id, mine],
      [`user:${me.id}`, mine],
      [machine, its],
      [`key:${machine}`, its],
    ] as const) {
      const { tasks, stats } = await list(`?user=${user}`, reader);
      expect(tasks.map((task) => task["id"])).toEqual([id]);
      expect(stats).toMatchObject({ total: 1, success: 1 });
    }
    expect(await list("?user=nobody", reader)).toMatchObject({ count: 0, tasks: [] });
    const own = await list(`?user=${machine}`, { key: keys.none });
    expect(own.count).toBe(1);
    const refused = await site.ask("GET", `/api/tasks/user-tasks?user=${me.id}`, {
      key: keys.none,
    });
    await expectProblem(refused, 403, "forbidden");
  });
});

interface Cancelled {
  cancelled: number;
  failed: number;
  total_attempted: number;
  more: boolean;
  cursor: string | null;
}
const CANCEL = "/api/tasks/user-tasks/cancel/";
const cancel = (asking: Asking) => site.post<Cancelled>(CANCEL, asking);
const all = (cancelled: number, failed = 0): Cancelled => ({
  cancelled,
  failed,
  total_attempted: cancelled + failed,
  more: false,
  cursor: null,
});
const states = async () => {
  const { results } = await env.DB.prepare("SELECT status FROM tasks ORDER BY id").all<{
    status: string;
  }>();
  return results.map(({ status }) => status);
};

describe("POST /api/tasks/user-tasks/cancel", () => {
  it("ends all that has not ended of the caller, whatever their role, and nothing else", async () => {
    const me = await person("viewer");
    const user = `user:${me.id}`;
    await ended(payroll, user);
    doors.enter = door();
    const running = await start(payroll, user);
    const run = deliver([running], site.env, site.engine);
    await doors.enter.reached;
    await start(books, user);
    const retrying = await start(books, user);
    await env.DB.prepare("UPDATE tasks SET status = 'RETRY' WHERE id = ?").bind(retrying).run();
    const body = { task_id: "elsewhere", task_name: "x.y", task_module: "x", user };
    await site.post("/api/tasks/executions/", { key: keys.tracker, body }, 201);
    await start(books, "user:somebody");
    expect(await cancel({ cookie: me.cookie })).toEqual(all(4));
    doors.enter.open();
    await run;
    const revoked = Array.from({ length: 4 }, () => "REVOKED");
    expect(await states()).toEqual(["SUCCESS", ...revoked, "PENDING"]);
    await expectRightCounts();
    expect((await list("", { cookie: me.cookie })).stats).toMatchObject({ success: 1, revoked: 4 });
    expect(await cancel({ cookie: me.cookie, body: {} })).toEqual(all(0));
  });

  it("is narrowed by module and task name, in any case", async () => {
    const asking = { key: keys.none };
    const user = `key:${idOf(keys.none)}`;
    for (const definition of [payroll, letters, books]) {
      await start(definition, user);
    }
    const mine = (body: object) => cancel({ ...asking, body });
    expect(await mine({ task_module: "nomina", task_name: "contabilidad.cerrar" })).toEqual(all(0));
    expect(await mine({ module: "Nómina", task_name: "nomina.enviar" })).toEqual(all(1));
    expect(await states()).toEqual(["PENDING", "REVOKED", "PENDING"]);
    expect(await mine({ task_module: "contabilidad" })).toEqual(all(1));
    expect(await mine({ task_name: "NOMINA.CALCULAR" })).toEqual(all(1));
    for (const [field, body] of [
      ["module", { module: "a", task_module: "b" }],
      ["task_module", { task_module: "" }],
      ["cursor", { cursor: "x" }],
    ] as const) {
      await expectBadParameter(await site.ask("POST", CANCEL, { ...asking, body }), field);
    }
    const unknown = await site.ask("POST", CANCEL, { ...asking, body: { status: "PENDING" } });
    expect(unknown.status).toBe(400);
  });

  it("cancels nothing by a body that is not said to be JSON", async () => {
    const key = keys.none;
    await start(payroll, `key:${idOf(key)}`);
    const body = new TextEncoder().encode('{"task_name":"other"}');
    for (const type of ["application/x-www-form-urlencoded", "text/plain", null]) {
      const headers = new Headers(type === null ? {} : { "content-type": type });
      expect((await call(CANCEL, { method: "POST", key, headers, body })).status).toBe(415);
    }
    expect(await states()).toEqual(["PENDING"]);
  });

  it("takes tasks:write for another's, and notes who did it", async () => {
    const { id, email } = await person("viewer");
    await start(payroll, `user:${id}`);
    await start(payroll, `user:${id}`);
    const body = { user: id, module: "nomina" };
    for (const key of [keys.none, keys.viewer]) {
      await expectProblem(await site.ask("POST", CANCEL, { key, body }), 403, "forbidden");
    }
    await expectProblem(await site.ask("POST", CANCEL, { body }), 401, "unauthorized");
    expect(await cancel({ key: keys.operator, body })).toEqual(all(2));
    expect(await cancel({ key: keys.operator, body })).toEqual(all(0));
    const { results } = await env.DB.prepare(
      "SELECT actor, target, detail FROM audit_log WHERE action = 'tasks.cancel'",
    ).all<{ detail: string }>();
    const [{ detail, ...entry } = { detail: "" }, ...others] = results;
    expect(others).toEqual([]);
    const actor = `key:${idOf(keys.operator)}`;
    expect(entry).toEqual({ actor, target: `user:${id}` });
    expect(JSON.parse(detail)).toEqual({ task_module: "nomina", cancelled: 2 });
    const page = await call("/admin/audit", { cookie: await adminSession() });
    expect(await page.text()).toContain(`href="/admin/people/${id}" title="${id}"><bdi>${email}`);
  });

  it("cancels a thousand a call, and all in the end", async () => {
    await seedTasks(
      newBatchId(Date.now()),
      Array.from({ length: 2100 }, (_, n) => (n % 21 === 0 ? "SUCCESS" : "PENDING")),
    );
    const user = `key:${idOf(keys.none)}`;
    await env.DB.prepare("UPDATE tasks SET user = ?").bind(user).run();
    const first = await cancel({ key: keys.none });
    expect(first).toMatchObject({ cancelled: 1000, failed: 0, total_attempted: 1000, more: true });
    expect(await cancel({ key: keys.none, body: { cursor: first.cursor } })).toEqual(all(1000));
    expect(await cancel({ key: keys.none })).toEqual(all(0));
    await expectRightCounts();
  });

  it("gets by the cursor to what is behind ten thousand that ended", async () => {
    const me = await person("viewer");
    const [old] = await seedTasks(newBatchId(Date.now() - 60_000), ["PENDING"]);
    await seedTasks(
      newBatchId(Date.now()),
      Array.from({ length: 11_000 }, () => "SUCCESS"),
    );
    await env.DB.prepare("UPDATE tasks SET user = ?").bind(`user:${me.id}`).run();
    const asking = { cookie: me.cookie };
    const first = await cancel(asking);
    expect(first).toMatchObject({ cancelled: 0, total_attempted: 0, more: true });
    expect(await cancel({ ...asking, body: { cursor: first.cursor } })).toEqual(all(1));
    const status = env.DB.prepare("SELECT status FROM tasks WHERE id = ?").bind(old?.id);
    expect(await status.first("status")).toBe("REVOKED");
  });

  it("counts those as failed that ended while it looked", async () => {
    const user = `key:${idOf(keys.none)}`;
    const [first] = [await start(payroll, user), await start(payroll, user)];
    const end = env.DB.prepare("UPDATE tasks SET status = 'SUCCESS' WHERE id = ?").bind(first);
    let calls = 0;
    const DB = beforeWrites(env.DB, async () => {
      calls += 1;
      // The second call comes after the look, and before the cancel.
      await (calls === 2 ? end.run() : undefined);
    });
    const slow = siteOf([payroll], { DB });
    expect(await slow.post<Cancelled>(CANCEL, { key: keys.none })).toEqual(all(1, 1));
    await clearTasks();
  });

  it("does it once when D1 committed it and reported a failure", async () => {
    const user = `key:${idOf(keys.none)}`;
    await start(payroll, user);
    await start(books, user);
    let left = 1;
    const DB = strictD1(env.DB, {
      fault: ({ sql }) =>
        sql.includes("SET status = 'REVOKED'") && left-- > 0
          ? { error: "network lost", committed: true }
          : null,
    });
    const struck = siteOf([payroll, books], { DB });
    expect(await struck.post<Cancelled>(CANCEL, { key: keys.none })).toEqual(all(2));
    expect(left).toBeLessThan(1);
    await expectRightCounts();
  });

  it("tells whoever watches", async () => {
    const told: TaskChange[] = [];
    publishTo(async (_, changes) => void told.push(...changes()));
    const user = `key:${idOf(keys.none)}`;
    const ids = [await start(payroll, user), await start(books, user)];
    told.length = 0;
    await cancel({ key: keys.none });
    expect(Object.fromEntries(told.map(({ id, status }) => [id, status]))).toEqual(
      Object.fromEntries(ids.map((id) => [id, "REVOKED"])),
    );
    publishTo(() => Promise.resolve());
  });
});
