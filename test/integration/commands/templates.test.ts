import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { adminSession, expectBadParameter, expectProblem } from "../../support/api";
import { passWaits, taskOf } from "../../support/engine";
import { clearTasks } from "../../support/recount";
import { siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

const echo = aDefinition({
  name: "test.echo",
  input: z.object({}).catchall(z.unknown()),
  startedBy: "operator",
  run: async ({ input }) => ({ kind: "done", result: input }),
});
const failing = aDefinition({
  name: "test.failing",
  startedBy: "operator",
  run: async () => ({ kind: "retry", reason: { code: "because", message: "It fails" } }),
});
const slow = aDefinition({
  name: "test.slow",
  timeoutMs: 600_000,
  startedBy: "operator",
  run: (_task, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    }),
});
const purge = aDefinition({ name: "admin.purge", startedBy: "admin" });
const site = siteOf([echo, failing, slow, purge]);
const keys = await someKeys();
const key = keys.operator;
const PATH = "/api/tasks/templates/";

interface Template {
  name: string;
  is_active: boolean;
  created_at: string;
  updated_at: string;
  [field: string]: unknown;
}
interface TemplateList {
  count: number;
  next: string | null;
  results: Template[];
}

beforeEach(async () => {
  await clearTasks();
  await env.DB.batch(
    ["task_templates", "notifications"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  );
});

const progressOf = (notify_on_progress: unknown) => ({
  notification_settings: { notify_on_progress },
});
const save = (body: unknown, status = 201) => site.post<Template>(PATH, { key, body }, status);
const run = async (body: unknown): Promise<string> =>
  (await site.post<{ task_id: string }>("/api/tasks/run/", { key, body }, 202)).task_id;

const full = {
  name: "Cierre de mes",
  task_name: "test.echo",
  description: "Cierra",
  default_parameters: { month: 11, dry: true },
  default_timeout: 30,
  default_max_retries: 1,
  estimated_duration: 90,
  typical_steps: ["Leer", "Sumar"],
  notify: { start: true, complete: true, error: true, progress: 25 },
  is_active: true,
};

describe("a template", () => {
  it("is created, read and listed with all that was said of it", async () => {
    const made = await save(full);
    expect(made).toMatchObject({ ...full, task_module: "test", module: "test" });
    expect(await site.get(`${PATH}Cierre%20de%20mes/`, { key: keys.viewer })).toEqual(made);
    const { count, next, results } = await site.get<TemplateList>(PATH, { key: keys.viewer });
    expect({ count, next, results }).toEqual({ count: 1, next: null, results: [made] });
  });

  it("saved again under its name is changed as a whole, and keeps created_at", async () => {
    vi.useFakeTimers({ toFake: ["Date"] }); // All happens within one millisecond.
    const made = await save(full);
    const changed = await save({ name: full.name, task_name: "test.failing" }, 200);
    expect(changed).toMatchObject({
      task_name: "test.failing",
      default_parameters: {},
      default_timeout: 1, // The task's definition says so.
      default_max_retries: 2,
      estimated_duration: 60,
      typical_steps: [],
      description: "",
      notify: {},
      notification_settings: {},
      created_at: made.created_at,
    });
    expect(changed.updated_at > made.updated_at).toBe(true);
    vi.useRealTimers();
  });

  it("takes and gives the old names, each as it was sent", async () => {
    const notification_settings = {
      notify_on_start: true,
      notify_on_complete: false,
      notify_on_error: true,
      notify_on_progress: false,
    };
    const old = {
      name: "Cierre de nómina/año: 50 %",
      task_name: "test.echo",
      module: "test",
      default_parameters: {},
      estimated_duration: 300,
      notification_settings,
    };
    const made = await save(old);
    expect(made).toMatchObject({ ...old, description: "", typical_steps: [], is_active: true });
    expect(made["notify"]).toEqual({ start: true, complete: false, error: true });
    const path = `${PATH}${encodeURIComponent(old.name)}/`;
    expect(await site.get(path, { key: keys.viewer })).toEqual(made);
    const decomposed = `${PATH}${encodeURIComponent(old.name.normalize("NFD"))}/`;
    expect(await site.get(decomposed, { key: keys.viewer })).toEqual(made);
    const again = await save({ ...old, name: old.name.normalize("NFD") }, 200);
    expect(again.name).toBe(made.name);
    const { task_module: _, created_at: _1, updated_at: _2, ...shown } = made;
    expect(await save(shown, 200)).toMatchObject(old); // A template may be sent as it is shown.
  });

  it.each([
    [true, 25],
    [10, 10],
    [0, false],
    [false, false],
  ])("told of progress by notify_on_progress %j shows %j", async (sent, shown) => {
    const made = await save({ name: "n", task_name: "test.echo", ...progressOf(sent) });
    expect(made["notification_settings"]).toEqual({ notify_on_progress: shown });
    expect(made["notify"]).toEqual(shown === false ? {} : { progress: shown });
  });

  it("takes both ways to say when to tell, where they agree or say different things", async () => {
    const settings = { notify_on_start: true, notify_on_complete: true, notify_on_progress: true };
    const body = { ...full, notify: { complete: true, error: false, progress: 10 } };
    const made = await save({ ...body, notification_settings: settings });
    expect(made["notify"]).toEqual({ start: true, complete: true, error: false, progress: 10 });
    await run({ template: full.name });
    const { results } = await env.DB.prepare("SELECT notify FROM tasks").all<{ notify: string }>();
    expect(results.map(({ notify }) => JSON.parse(notify))).toEqual([made["notify"]]);
  });

  it("cuts texts of any length with a mark", async () => {
    const made = await save({
      ...full,
      description: "d".repeat(501),
      typical_steps: ["s".repeat(101)],
    });
    expect(made["description"]).toBe(`${"d".repeat(499)}…`);
    expect(made["typical_steps"]).toEqual([`${"s".repeat(99)}…`]);
  });

  it("of an older version shows the estimate of one that does not say", async () => {
    await save(full);
    await env.DB.prepare("UPDATE task_templates SET estimated_seconds = NULL").run();
    const { results } = await site.get<TemplateList>(PATH, { key });
    expect(results[0]).toMatchObject({ estimated_duration: 60 });
    expect(await save({ ...full, estimated_duration: null }, 200)).toMatchObject({
      estimated_duration: 60,
    });
  });

  it("is listed by its module, in any case and accent, however it came to it", async () => {
    await save(full);
    await save({ name: "a", task_name: "nomina.cerrar", module: "Nómina" });
    await save({ name: "b", task_name: "nomina.abrir", module: "Nómina" });
    const listed = async (query: string) => {
      const { count, results } = await site.get<TemplateList>(`${PATH}?${query}`, { key });
      return [count, results.map(({ name }) => name)];
    };
    expect(await listed("module=nomina")).toEqual([2, ["a", "b"]]);
    expect(await listed("module=nomina&after=a")).toEqual([2, ["b"]]);
    expect(await listed("module=test")).toEqual([1, [full.name]]);
    expect(await listed("module=other")).toEqual([0, []]);
  });

  it("is listed by name, page after page, each seen once", async () => {
    for (const name of ["c", "a", "e", "b", "d"]) {
      await save({ name, task_name: "test.echo" });
    }
    const seen: string[] = [];
    for (let link: string | null = `${PATH}?limit=2`; link !== null;) {
      const page: TemplateList = await site.get<TemplateList>(link, { key: keys.viewer });
      expect(page.count).toBe(5);
      seen.push(...page.results.map(({ name }) => name));
      link = page.next;
    }
    expect(seen).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("deactivated refuses to run until it is saved again", async () => {
    const { created_at } = await save(full);
    const response = await site.ask("DELETE", `${PATH}Cierre%20de%20mes`, { key });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ ...full, is_active: false, created_at });
    const body = { template: full.name };
    const refused = await site.ask("POST", "/api/tasks/run/", { key, body });
    await expectProblem(refused, 404, "unknown_template");
    await save(full, 200);
    await run(body);
  });
});

describe("a run of a template", () => {
  it("lays the input over the defaults", async () => {
    await save(full);
    const plain = await run({ template: full.name });
    const other = await run({ template: full.name, input: { month: 12, note: "x" } });
    await site.run(plain);
    await site.run(other);
    expect(await site.execution(plain, key)).toMatchObject({
      result_data: { month: 11, dry: true },
      template: full.name,
      timeout_seconds: 30,
      max_retries: 1,
    });
    const { result_data } = await site.execution(other, key);
    expect(result_data).toEqual({ month: 12, dry: true, note: "x" });
  });

  it.each([[[1, 2]], ["text"], [null], [7]])("refuses %j as its input", async (input) => {
    await save(full);
    const response = await site.ask("POST", "/api/tasks/run/", {
      key,
      body: { template: full.name, input },
    });
    await expectBadParameter(response, "input");
  });

  it("of an older version that may take a day takes 14 minutes, and shows them", async () => {
    await save(full);
    await env.DB.prepare("UPDATE task_templates SET timeout_seconds = 86400").run();
    const shown = await site.get<Template>(`${PATH}Cierre%20de%20mes/`, { key });
    expect(shown["default_timeout"]).toBe(840);
    const id = await run({ template: full.name });
    expect((await taskOf(id)).timeout_ms).toBe(840_000);
    await env.DB.prepare("UPDATE tasks SET timeout_ms = 86400000 WHERE id = ?").bind(id).run();
    expect(await site.execution(id, key)).toMatchObject({ timeout_seconds: 840 });
    await save({ ...full, default_timeout: shown["default_timeout"] }, 200);
  });

  it("has as many attempts as the template says", async () => {
    await save({ name: "once", task_name: "test.failing", default_max_retries: 0 });
    await save({ name: "twice", task_name: "test.failing", default_max_retries: 1 });
    const once = await run({ template: "once" });
    const twice = await run({ template: "twice" });
    await site.run(once);
    await site.run(twice);
    expect((await taskOf(once)).status).toBe("FAILURE");
    expect((await taskOf(twice)).status).toBe("RETRY");
    await passWaits([twice]);
    await site.run(twice);
    expect(await taskOf(twice)).toMatchObject({ status: "FAILURE", attempts: 2 });
  });

  it("ends at the template's timeout, not its definition's", async () => {
    await save({
      name: "short",
      task_name: "test.slow",
      default_timeout: 1,
      default_max_retries: 0,
    });
    const id = await run({ template: "short" });
    await site.run(id);
    expect(await taskOf(id)).toMatchObject({ status: "FAILURE", error_code: "timeout" });
  });

  it("keeps to its template when it is replayed", async () => {
    await save({ ...full, task_name: "test.failing", default_max_retries: 0 });
    const id = await run({ template: full.name });
    await site.run(id);
    const asked = { key, body: { input: { month: 1 } } };
    const { task_id } = await site.post<{ task_id: string }>(
      `/api/tasks/replay/${id}/`,
      asked,
      202,
    );
    expect(await taskOf(task_id)).toMatchObject({
      template: full.name,
      max_attempts: 1,
      timeout_ms: 30_000,
      notify: JSON.stringify(full.notify),
      replay_of: id,
    });
  });

  it("knows no template of another name", async () => {
    const asked = { key, body: { template: "nobody" } };
    await expectProblem(await site.ask("POST", "/api/tasks/run", asked), 404, "unknown_template");
  });

  it("needs the role its task needs", async () => {
    const cookie = await adminSession();
    const body = { name: "purge", task_name: "admin.purge" };
    await expectProblem(await site.ask("POST", PATH, { key, body }), 403, "forbidden");
    await site.post(PATH, { cookie, body }, 201);
    const asked = { key, body: { template: "purge" } };
    await expectProblem(await site.ask("POST", "/api/tasks/run", asked), 403, "forbidden");
    await expectProblem(await site.ask("DELETE", `${PATH}purge`, { key }), 403, "forbidden");
    const stolen = { key, body: { name: "purge", task_name: "test.echo" } };
    await expectProblem(await site.ask("POST", PATH, stolen), 403, "forbidden");
  });
});

describe("the routes of templates", () => {
  it.each([
    ["name", { name: "" }],
    ["name", { name: ".." }],
    ["name", { name: " " }],
    ["name", { name: "x".repeat(201) }],
    ["task_name", { task_name: "" }],
    ["module", { module: "\u200b" }],
    ["module", { module: "other" }],
    ["description", { description: 1 }],
    ["default_parameters", { default_parameters: [] }],
    ["default_timeout", { default_timeout: 0 }],
    ["default_timeout", { default_timeout: 1.5 }],
    ["default_max_retries", { default_max_retries: 51 }],
    ["estimated_duration", { estimated_duration: -1 }],
    ["typical_steps.0", { typical_steps: [""] }],
    ["notify.progress", { notify: { progress: 0 } }],
    ["notify.start", { notify: { start: "yes" } }],
    ["notification_settings.notify_on_start", { notification_settings: { notify_on_start: 1 } }],
    ["notification_settings.notify_on_progress", progressOf(101)],
    [
      "notification_settings.notify_on_error",
      { notification_settings: { notify_on_error: false } },
    ],
    ["notification_settings.notify_on_progress", progressOf(50)],
    ["notification_settings.notify_on_progress", progressOf(false)],
    ["is_active", { is_active: "true" }],
  ])("refuse a bad %s", async (parameter, wrong) => {
    const response = await site.ask("POST", PATH, { key, body: { ...full, ...wrong } });
    await expectBadParameter(response, parameter);
  });

  it("refuse a timeout over 14 minutes, which no consumer lives, and name the limit", async () => {
    const body = { ...full, default_timeout: 841 };
    const response = await site.ask("POST", PATH, { key, body });
    const refused = await response.clone().json<{ detail: string }>();
    await expectBadParameter(response, "default_timeout");
    expect(refused.detail).toContain("840");
    await save({ ...full, default_timeout: 840 });
  });

  it("refuse a template of a task that only the system starts", async () => {
    const body = { ...full, task_name: "system.bulk", default_timeout: null };
    for (const module of ["", "system"]) {
      const response = await site.ask("POST", PATH, { key, body: { ...body, module } });
      await expectProblem(response, 404, "unknown_task");
    }
  });

  it("answer 400 to a bad limit and 404 for a name nobody gave", async () => {
    const limit = await site.ask("GET", `${PATH}?limit=0`, { key });
    await expectBadParameter(limit, "limit");
    for (const method of ["GET", "DELETE"]) {
      const response = await site.ask(method, `${PATH}nobody/`, { key });
      await expectProblem(response, 404, "unknown_template");
    }
  });

  it("answer 401 to nobody, 403 without the scope", async () => {
    const write = { body: full };
    for (const [method, path, body, needs] of [
      ["GET", PATH, undefined, keys.none],
      ["GET", `${PATH}x`, undefined, keys.none],
      ["POST", PATH, write.body, keys.viewer],
      ["DELETE", `${PATH}x`, undefined, keys.viewer],
    ] as const) {
      await expectProblem(await site.ask(method, path, { body }), 401, "unauthorized");
      await expectProblem(await site.ask(method, path, { key: needs, body }), 403, "forbidden");
    }
  });
});
