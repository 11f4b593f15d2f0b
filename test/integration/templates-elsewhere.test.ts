/** Templates of work that runs elsewhere: kept here, followed by what is tracked, run by nobody here. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { saveTemplate, templateFor, type Template } from "../../src/tasks/templates";
import { recordingDatabase } from "../support/recording";

const payroll: Omit<Template, "createdAt" | "updatedAt"> = {
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
