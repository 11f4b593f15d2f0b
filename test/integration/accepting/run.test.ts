import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { adminSession, expectBadParameter, expectProblem } from "../../support/api";
import { person } from "../../support/auth-site";
import { taskOf } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";
import { siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

const report = aDefinition({
  name: "reports.year",
  module: "reports",
  input: z.object({ year: z.int(), format: z.enum(["csv", "pdf"]).default("csv") }),
  startedBy: "operator",
  run: async ({ input }) => ({ kind: "done", result: input }),
});
const purge = aDefinition({ name: "admin.purge", module: "admin", startedBy: "admin" });
const glance = aDefinition({ name: "reports.glance", module: "reports", startedBy: "viewer" });
const site = siteOf([report, purge, glance]);
const keys = await someKeys();
const key = keys.operator;
const PATH = "/api/tasks/run/";

beforeEach(clearTasks);

const run = async (body: unknown): Promise<string> =>
  (await site.post<{ task_id: string }>(PATH, { key, body }, 202)).task_id;

describe("POST /api/tasks/run", () => {
  it("starts a task, which runs to its end with what its schema made of the input", async () => {
    const id = await run({ task_name: "reports.year", input: { year: 2026 } });
    expect(await site.execution(id, key)).toMatchObject({
      status: "PENDING",
      requested_by: expect.stringMatching(/^key:/),
      context_data: { year: 2026 },
    });
    await site.run(id);
    expect(await site.execution(id, key)).toMatchObject({
      status: "SUCCESS",
      result_data: { year: 2026, format: "csv" },
    });
  });

  it("starts an order, good or bad, as any other way does", async () => {
    const good = await run({ task_name: "pedidos.procesar", input: anOrder() });
    const bad = await run({ task_name: "pedidos.procesar", input: anOrder({ productos: [] }) });
    const none = await run({ task_name: "pedidos.procesar" });
    await site.run(good, bad, none);
    expect((await site.execution(good, key)).status).toBe("SUCCESS");
    expect((await site.execution(bad, key)).error_code).toBe("empty_order");
    expect((await site.execution(none, key)).error_code).toBe("invalid_id");
  });

  it("waits as long as asked", async () => {
    const body = { task_name: "reports.year", input: { year: 1 }, delay_seconds: 0.0301 };
    const soon = await run(body);
    const later = await run({ ...body, delay_seconds: 86_400 });
    await new Promise((resolve) => setTimeout(resolve, 40));
    await site.run(soon, later);
    expect((await taskOf(soon)).status).toBe("SUCCESS");
    expect((await taskOf(later)).status).toBe("PENDING");
  });

  it.each([
    ["input.year", { task_name: "reports.year", input: { year: "x" } }],
    ["input.format", { task_name: "reports.year", input: { year: 1, format: "doc" } }],
    ["input", { task_name: "reports.year", input: [] }],
    ["input", { task_name: "reports.year", input: null }],
    ["input.year", { task_name: "reports.year" }],
    ["input", { task_name: "reports.year", input: deep(101) }],
    ["input", { task_name: "pedidos.procesar", input: deep(101) }],
    ["input", { task_name: "reports.year", input: { year: 1, note: "x".repeat(70_000) } }],
    ["delay_seconds", { task_name: "reports.year", input: { year: 1 }, delay_seconds: -1 }],
    ["delay_seconds", { task_name: "reports.year", input: { year: 1 }, delay_seconds: 1e9 }],
    ["task_name", {}],
    ["task_name", { task_name: "reports.year", template: "t" }],
    ["task_name", { task_name: 7 }],
  ])("refuses a bad %s", async (parameter, body) => {
    await expectBadParameter(await site.ask("POST", PATH, { key, body }), parameter);
  });

  it.each(["nobody.knows", "system.bulk", "__proto__", ""])("knows no task %j", async (name) => {
    const response = await site.ask("POST", PATH, { key, body: { task_name: name, input: {} } });
    await expectProblem(response, 404, "unknown_task");
  });

  it("answers 401 to nobody and 403 without tasks:write", async () => {
    const body = { task_name: "reports.year", input: { year: 1 } };
    await expectProblem(await site.ask("POST", PATH, { body }), 401, "unauthorized");
    const viewer = { key: keys.viewer, body };
    await expectProblem(await site.ask("POST", PATH, viewer), 403, "forbidden");
  });

  it("lets only those of its role start a task, and no key what is for administrators", async () => {
    const body = { task_name: "admin.purge" };
    await expectProblem(await site.ask("POST", PATH, { key, body }), 403, "forbidden");
    const { cookie } = await person("operator");
    await expectProblem(await site.ask("POST", PATH, { cookie, body }), 403, "forbidden");
    const admin = { cookie: await adminSession(), body };
    expect((await site.ask("POST", PATH, admin)).status).toBe(202);
    const viewer = await person("viewer");
    const glances = { cookie: viewer.cookie, body: { task_name: "reports.glance" } };
    // The viewer has no tasks:write.
    await expectProblem(await site.ask("POST", PATH, glances), 403, "forbidden");
  });
});

function deep(levels: number): unknown {
  return levels === 0 ? 1 : [deep(levels - 1)];
}
