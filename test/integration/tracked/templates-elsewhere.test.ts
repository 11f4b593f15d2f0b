/**
 * Templates of work that runs elsewhere are kept here, followed by what is tracked, and run by
 * nobody here.
 */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import {
  saveTemplate,
  templateFor,
  type TemplateDraft,
} from "../../../src/tasks/templates/templates";
import { adminSession, expectBadParameter, expectProblem } from "../../support/api";
import { recordingDatabase } from "../../support/recording";
import { siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

const site = siteOf([aDefinition({ startedBy: "operator" })]);
const keys = await someKeys();

const payroll: TemplateDraft = {
  name: "Nómina",
  taskName: "nomina.cerrar",
  module: "nomina",
  description: "",
  defaults: { month: 11 },
  timeoutSeconds: 86_400,
  maxRetries: null,
  estimatedSeconds: 60,
  steps: [],
  notify: { complete: true },
  active: true,
};

beforeEach(() => env.DB.exec("DELETE FROM task_templates"));

describe("the template for work that runs elsewhere", () => {
  const nameFor = async (name: string, module: string) =>
    (await templateFor(env.DB, name, module))?.name;

  it("is the active one of its name and module, changed last", async () => {
    await saveTemplate(env.DB, payroll, 1000);
    await saveTemplate(env.DB, { ...payroll, name: "older" }, 500);
    await saveTemplate(env.DB, { ...payroll, name: "other", module: "api" }, 2000);
    await saveTemplate(env.DB, { ...payroll, name: "off", active: false }, 3000);
    expect(await nameFor("nomina.cerrar", "nomina")).toBe("Nómina");
    expect(await nameFor("nomina.cerrar", "contabilidad")).toBeUndefined();
    expect(await nameFor("nomina.abrir", "nomina")).toBeUndefined();
    await saveTemplate(env.DB, { ...payroll, name: "older" }, 4000);
    expect(await nameFor("nomina.cerrar", "nomina")).toBe("older");
  });

  it("keeps a timeout no run here could have", async () => {
    await saveTemplate(env.DB, payroll);
    const template = await templateFor(env.DB, payroll.taskName, payroll.module);
    expect(template).toMatchObject({ ...payroll, timeoutSeconds: 86_400 });
  });

  it("is found by either form of its name", async () => {
    await saveTemplate(env.DB, { ...payroll, module: "nómina".normalize("NFC") });
    expect(await nameFor("nomina.cerrar", "nómina".normalize("NFD"))).toBe("Nómina");
  });

  it("is never one of a task of this system", async () => {
    await saveTemplate(env.DB, { ...payroll, taskName: "pedidos.procesar", module: "" });
    expect(await nameFor("pedidos.procesar", "pedidos")).toBeUndefined();
  });

  it("is found by an index", async () => {
    const { DB, plans } = recordingDatabase();
    await templateFor(DB, "a", "b");
    const [plan = []] = [...(await plans()).values()];
    expect(plan.join("\n")).toContain("INDEX task_templates_task (task_name=? AND module=?)");
  });
});

describe("a template of work that runs elsewhere", () => {
  const PATH = "/api/tasks/templates/";
  const body = {
    name: "Cierre",
    task_name: "nomina.cerrar",
    module: "nomina",
    default_parameters: { month: 11 },
    notification_settings: { notify_on_complete: true },
  };
  const save = (sent: unknown, status = 201) =>
    site.post<Record<string, unknown>>(PATH, { key: keys.operator, body: sent }, status);

  it("is saved under its module, and shows what holds where it says nothing", async () => {
    const made = await save(body);
    expect(made).toMatchObject({
      ...body,
      task_module: "nomina",
      default_timeout: 3600,
      default_max_retries: 3,
      estimated_duration: 60,
      description: "",
    });
    expect((await templateFor(env.DB, "nomina.cerrar", "nomina"))?.notify).toEqual({
      complete: true,
    });
  });

  it("may wait for 30 days, as none of a task here may", async () => {
    const month = { default_timeout: 30 * 86_400 };
    expect(await save({ ...body, ...month })).toMatchObject(month);
    const longer = { key: keys.operator, body: { ...body, default_timeout: 30 * 86_400 + 1 } };
    await expectBadParameter(await site.ask("POST", PATH, longer), "default_timeout");
  });

  it("is refused without a module, which the answer names", async () => {
    for (const module of [undefined, "", " "]) {
      const asked = { key: keys.operator, body: { ...body, module } };
      await expectBadParameter(await site.ask("POST", PATH, asked), "module");
    }
  });

  it("needs the scope to write, and nothing else", async () => {
    await expectProblem(await site.ask("POST", PATH, { key: keys.viewer, body }), 403, "forbidden");
    await save(body);
    await save({ ...body, description: "Cierra" }, 200);
  });

  it("is cut like the work it is for", async () => {
    const long = { task_name: "t".repeat(150), module: "m".repeat(150) };
    const made = await save({ ...body, ...long });
    expect(String(made["module"])).toHaveLength(100);
    expect((await templateFor(env.DB, long.task_name, long.module))?.name).toBe("Cierre");
  });

  it("is not run here, over the API or in the console", async () => {
    await save(body);
    const asked = { key: keys.operator, body: { template: "Cierre" } };
    const refused = await site.ask("POST", "/api/tasks/run/", asked);
    const { detail } = await refused.clone().json<{ detail: string }>();
    expect(detail).toContain("elsewhere");
    await expectProblem(refused, 409, "runs_elsewhere");
    const cookie = await adminSession();
    const form = await site.ask("GET", "/admin/run/templates/Cierre/runs", { cookie });
    expect(form.status).toBe(409);
  });

  it("becomes one of a task here with that task's module, and back", async () => {
    await save(body);
    const here = await save({ ...body, task_name: "test.run", module: "test" }, 200);
    expect(here).toMatchObject({ task_name: "test.run", module: "test", task_module: "test" });
    expect(await templateFor(env.DB, "nomina.cerrar", "nomina")).toBeNull();
    expect(await templateFor(env.DB, "test.run", "test")).toBeNull();
    await save(body, 200);
    expect((await templateFor(env.DB, "nomina.cerrar", "nomina"))?.name).toBe("Cierre");
  });

  it("deactivated holds for nothing more", async () => {
    await save(body);
    await site.ask("DELETE", `${PATH}Cierre`, { key: keys.operator });
    expect(await templateFor(env.DB, "nomina.cerrar", "nomina")).toBeNull();
  });
});
