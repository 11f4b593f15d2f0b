import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../../../src/app";
import { processOrder } from "../../../src/orders/pipeline/task";
import { Engine } from "../../../src/tasks/model/engine";
import { pauseQueue, resumeQueue } from "../../../src/tasks/commands/pause-queue";
import { getTask } from "../../../src/tasks/model/queries";
import { getTemplate } from "../../../src/tasks/templates/templates";
import { ORIGIN } from "../../support/api";
import { processAll } from "../../support/api-orders";
import { countingDatabase } from "../../support/counting";
import { deafQueue } from "../../support/engine";
import { sessionOf, submit, visit } from "../../support/pages";
import { recount, clearTasks } from "../../support/recount";
import { aDefinition } from "../../support/tasks";

const MINUTE = 60_000;
const sessions = new Map<string, Promise<string>>();

function as(role: "viewer" | "operator"): Promise<string> {
  const session = sessions.get(role) ?? sessionOf(role);
  sessions.set(role, session);
  return session;
}

async function page(path: string, role: "viewer" | "operator" = "viewer"): Promise<string> {
  const response = await visit(path, { cookie: await as(role) });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  expect(text).not.toMatch(/ style=|<style|<script>/);
  return text;
}

async function health(): Promise<string> {
  const text = await page("/admin/");
  return /<section class="health[^]*?<\/section>/.exec(text)?.[0] ?? "";
}

interface Row {
  queue?: string;
  status?: string;
  code?: string | null;
  readyAt?: number;
}

/** Inserts this many rows as tasks that came at `readyAt`, and the counts that go with them. */
async function insertTasks(count: number, row: Row = {}): Promise<void> {
  const { queue = "tasks", status = "PENDING", code = null, readyAt = Date.now() } = row;
  const finished = status === "FAILURE" ? readyAt : null;
  const started = finished;
  await env.DB.prepare(
    `INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, ready_at, check_at,
       sent_at, created_at, started_at, finished_at, error_code, error_message)
     SELECT lower(hex(randomblob(4))) || '-0000-7000-8000-' || lower(hex(randomblob(6))),
       'test.seeded', 'seeded', ?2, ?3, '{}', 3, ?4, ?5, ?5, ?4, ?7, ?6, ?8, 'It failed'
     FROM json_each(?1)`,
  )
    .bind(
      JSON.stringify(Array.from({ length: count }, (_, i) => i)),
      queue,
      status,
      readyAt,
      Date.now() + 60 * MINUTE, // Recovery is not to look at them during the test.
      finished,
      started,
      code,
    )
    .run();
  await recount();
  const thisMinute = Date.now() - (Date.now() % MINUTE);
  await env.DB.prepare("UPDATE task_counts SET span = ?1, bucket = ?2")
    .bind(MINUTE, thisMinute)
    .run();
}

describe("the dashboard", () => {
  it("tells of a consumer that holds its lease and says nothing", async () => {
    await env.DB.prepare(
      `INSERT INTO leases (token, queue, worker, since, expires_at, task_ids)
       VALUES ('silent', 'elsewhere', 'mute-1', ?1, ?1, '["x"]')`,
    )
      .bind(Date.now() - 2 * MINUTE)
      .run();
    expect(await health()).toContain("mute-1");
    await env.DB.prepare("DELETE FROM leases").run();
    expect(await health()).not.toContain("mute-1");
  });

  it("tells an idle system from a stalled one, and from one where somebody is at it", async () => {
    expect(await health()).toContain("No hay trabajo pendiente");
    await insertTasks(3, { readyAt: Date.now() - 10 * MINUTE });
    const stalled = await health();
    expect(stalled).toContain("is-bad");
    expect(stalled).toMatch(/La cola tasks está parada: 3 tareas.+10 min/);
    expect(stalled).toContain('href="/admin/queues"');

    await env.DB.prepare(
      `INSERT INTO leases (token, queue, worker, since, expires_at, task_ids)
       SELECT 'l', 'tasks', 'worker-1', ?1, ?1 + 60000, json_array(min(id)) FROM tasks`,
    )
      .bind(Date.now())
      .run();
    expect(await health()).not.toContain("parada");
    const text = await page("/admin/");
    expect(text).toContain('data-worker="worker-1"');
    await clearTasks();
  });

  it("says that a queue is paused, not that it is stalled", async () => {
    const since = Date.now();
    await pauseQueue(env, { queue: "tasks", since, by: "user:x", reason: "Mantenimiento" });
    await insertTasks(2, { readyAt: since - 10 * MINUTE });
    const paused = await health();
    expect(paused).toMatch(/La cola tasks está en pausa: 2 tareas/);
    expect(paused).not.toContain("parada");
    await resumeQueue(env, "tasks");
    await clearTasks();
  });

  it("counts dead letters nobody has given up on, and finds them with its link", async () => {
    await insertTasks(2, { queue: "none", status: "FAILURE", code: "dead_letter" });
    expect(await health()).toContain(
      "2 mensajes de la cola de mensajes muertos no son de ninguna tarea",
    );
    const link = /href="(\/admin\/dead-letters)"/.exec(await health())?.[1] ?? "";
    expect((await page(link)).match(/<th scope="row"/g)).toHaveLength(2);
    await env.DB.prepare("UPDATE tasks SET discard_reason = 'seen'").run();
    expect(await health()).not.toContain("mensajes muertos");
    await clearTasks();
  });

  it("draws the figures it also tells in tables, for each range", async () => {
    const good = { cliente: "ACME", productos: [{ sku: "P001", cantidad: 1 }] };
    await processAll([
      { id: 1, ...good },
      { id: 2, ...good },
      { id: 3, cliente: "ACME" },
    ]);
    for (const [query, buckets] of [
      ["", 60],
      ["?range=day", 24],
      ["?range=month", 30],
    ] as const) {
      const text = await page(`/admin/${query}`);
      const chart = /<figure class="chart" id="throughput"[^]*?<\/figure>/.exec(text)?.[0] ?? "";
      expect(chart).toContain(`viewBox="0 0 ${buckets * 10} 100"`);
      expect(chart).toMatch(/role="img" aria-labelledby="throughput-title throughput-summary"/);
      expect(chart).toContain("3 aceptadas y 2 exitosas");
      const cells = [...chart.matchAll(/<td>(\d+)<\/td>/g)].map(([, n]) => Number(n));
      expect(cells.reduce((sum, n) => sum + n, 0)).toBe(5);
      const failures = /<figure class="chart" id="failures"[^]*?<\/figure>/.exec(text)?.[0] ?? "";
      expect(failures).toContain("1 fallidas");
      expect(failures).toMatch(/<path class="bars is-bad[^"]*" d="M/);
    }
    expect(await page("/admin/")).toMatch(/status=SUCCESS">[^]*?<strong>2<\/strong>/);
    await clearTasks();
  });

  it("reads a bounded number of rows, however many tasks there are", async () => {
    const cookie = await as("viewer");
    const rowsRead = async (path: string) => {
      const { DB, counts } = countingDatabase();
      const response = await visit(path, { cookie, env: { DB } });
      expect(response.status).toBe(200);
      return counts.rowsRead;
    };
    await insertTasks(1500);
    await insertTasks(1500, { queue: "orders" });
    await insertTasks(1500, { status: "FAILURE", code: "a" });
    const paths = ["/admin/", "/admin/queues", "/admin/modules/seeded"];
    const few = await Promise.all(paths.map(rowsRead));
    await insertTasks(3000);
    await insertTasks(3000, { status: "FAILURE", code: "b" });
    const many = await Promise.all(paths.map(rowsRead));
    for (const [index, path] of paths.entries()) {
      expect(many[index], path).toBeLessThanOrEqual((few[index] ?? 0) + 50);
    }
    // Each question reads a thousand rows of each table at most, and as many entries of its index.
    expect(Math.max(...many)).toBeLessThan(10_000);
    await clearTasks();
  });
});

describe("a module's page", () => {
  it("tells of its days, its tasks and its failures; an unknown module is not found", async () => {
    await insertTasks(2, { status: "FAILURE", code: "odd" });
    const text = await page("/admin/modules/seeded");
    expect(text).toContain("Hoy y 30 días antes");
    expect(text).toContain("/admin/tasks?name=test.seeded");
    expect(text).toContain("odd");
    expect(await page("/admin/modules/system")).not.toContain("odd");
    expect((await visit("/admin/modules/nope", { cookie: await as("viewer") })).status).toBe(404);
    await clearTasks();
  });
});

describe("the queues", () => {
  const path = "/admin/queues/tasks";

  it("are paused with a reason and resumed, and both are noted", async () => {
    const cookie = await as("operator");
    const without = await submit(`${path}/pauses`, { reason: " " }, { cookie });
    expect(without.status).toBe(400);
    expect(await page("/admin/queues")).not.toContain("En pausa por");
    const paused = await submit(`${path}/pauses`, { reason: "Mantenimiento <b>" }, { cookie });
    expect(paused.headers.get("location")).toBe("/admin/queues?paused=tasks");
    const text = await page("/admin/queues?paused=tasks", "operator");
    expect(text).toContain("Mantenimiento &lt;b&gt;");
    expect(text).toMatch(/En pausa por.*operator-/);
    expect(text).toContain(`${path}/resumptions`);
    const resumed = await submit(`${path}/resumptions`, {}, { cookie });
    expect(resumed.headers.get("location")).toBe("/admin/queues?resumed=tasks");
    expect(await page("/admin/queues")).not.toContain("En pausa por");
    const { results } = await env.DB.prepare(
      "SELECT action, target FROM audit_log WHERE action LIKE 'queue.%' ORDER BY id",
    ).all();
    expect(results).toEqual([
      { action: "queue.pause", target: "tasks" },
      { action: "queue.resume", target: "tasks" },
    ]);
  });

  it("are not for a viewer to pause, and must exist", async () => {
    expect(await page("/admin/queues")).not.toContain("/pauses");
    for (const verb of ["pauses", "resumptions"]) {
      const viewer = { cookie: await as("viewer") };
      expect((await visit(`${path}/${verb}`, viewer)).status).toBe(403);
      expect((await submit(`${path}/${verb}`, { reason: "because" }, viewer)).status).toBe(403);
      const operator = { cookie: await as("operator") };
      expect((await visit(`/admin/queues/nope/${verb}`, operator)).status).toBe(404);
      const fields: Record<string, string> = verb === "pauses" ? { reason: "because" } : {};
      expect((await submit(`/admin/queues/dead-letters/${verb}`, fields, operator)).status).toBe(
        404,
      );
    }
  });
});

describe("running a task", () => {
  const path = "/admin/run/tasks/pedidos.procesar";

  it("starts an order from its example and goes to the new task", async () => {
    const cookie = await as("operator");
    const form = await page(path, "operator");
    const example = /<textarea[^>]*>([^]*?)<\/textarea>/.exec(form)?.[1] ?? "";
    const input = example.replaceAll("&quot;", '"');
    expect(JSON.parse(input)).toEqual(processOrder.example);
    const started = await submit(path, { input, delay_seconds: "" }, { cookie });
    const location = started.headers.get("location") ?? "";
    expect(location).toMatch(/^\/admin\/tasks\/[0-9a-f-]{36}$/);
    await expect.poll(async () => page(location), { timeout: 20_000 }).toContain("Exitosa");
  });

  it("keeps what was typed and says beside the field what is wrong with it", async () => {
    const cookie = await as("operator");
    const bad = await submit(path, { input: '{"id": <', delay_seconds: "-1" }, { cookie });
    expect(bad.status).toBe(400);
    const text = await bad.text();
    expect(text).toContain("{&quot;id&quot;: &lt;");
    expect(text).toMatch(/id="input"[^>]*aria-invalid="true"/);
    expect(text).toMatch(/id="delay_seconds"[^>]*aria-invalid="true"/);
    expect(text).toContain("No es JSON válido");
  });

  it("is for those who may: not a viewer, and nobody starts an internal task", async () => {
    expect(await page("/admin/run")).not.toContain(path);
    expect((await visit(path, { cookie: await as("viewer") })).status).toBe(403);
    expect((await submit(path, { input: "{}" }, { cookie: await as("viewer") })).status).toBe(403);
    const internal = "/admin/run/tasks/system.bulk";
    expect((await visit(internal, { cookie: await as("operator") })).status).toBe(404);
  });

  it("has a field for each member of the input, and blames the right one", async () => {
    const input = z.strictObject({ rows: z.int().min(1), format: z.enum(["csv", "json"]) });
    const name = "test.form";
    const app = createApp(new Engine([aDefinition({ name, input, startedBy: "operator" })]));
    const cookie = await as("operator");
    const send = async (fields?: Record<string, string>) => {
      const ctx = createExecutionContext();
      const request = new Request(`${ORIGIN}/admin/run/tasks/${name}`, {
        method: fields ? "POST" : "GET",
        headers: { cookie, accept: "text/html", origin: ORIGIN },
        redirect: "manual",
        ...(fields && { body: new URLSearchParams(fields) }),
      });
      const response = await app.fetch(request, { ...env, QUEUE_TASKS: deafQueue }, ctx);
      await waitOnExecutionContext(ctx);
      return response;
    };
    expect(await (await send()).text()).toMatch(/<input id="input.rows"[^>]*type="number"/);
    const refused = await send({ "input.rows": "0", "input.format": "csv" });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toMatch(/id="input.rows"[^>]*aria-invalid="true"/);
    const wait = { delay_seconds: "3600" };
    const started = await send({ "input.rows": "2", "input.format": "csv", ...wait });
    expect(started.status).toBe(303);
    const id = started.headers.get("location")?.split("/").at(-1) ?? "";
    const task = await getTask(env.DB, id);
    expect(JSON.parse(task?.input ?? "")).toEqual({ rows: 2, format: "csv" });
  });
});

describe("templates", () => {
  const fields = {
    name: "Pedido de prueba",
    task_name: "pedidos.procesar",
    description: "Un pedido",
    default_parameters:
      '{"id": 77, "cliente": "ACME", "productos": [{"sku": "P001", "cantidad": 1}]}',
    default_max_retries: "1",
    notify_complete: "on",
    typical_steps: "validate\nenrich\n",
    is_active: "on",
  };
  const path = `/admin/run/templates/${encodeURIComponent(fields.name)}`;

  it("are made, run with their defaults, changed and deactivated", async () => {
    const cookie = await as("operator");
    const made = await submit("/admin/run/templates", fields, { cookie });
    expect(made.status, await made.text()).toBe(303);
    expect(await page("/admin/run")).toContain(fields.name);
    const taken = await submit("/admin/run/templates", fields, { cookie });
    expect(taken.status).toBe(400);
    expect(await taken.text()).toContain("Ya hay una plantilla");
    const edit = await page(path, "operator");
    expect(edit).toContain("validate\nenrich");
    expect(edit).toMatch(/name="notify_complete"[^>]*checked/);
    expect(edit).not.toMatch(/name="notify_error"[^>]*checked/);

    const input = JSON.stringify({ cliente: "OsCorp" });
    const started = await submit(`${path}/runs`, { input }, { cookie });
    const id = started.headers.get("location")?.split("/").at(-1) ?? "";
    const task = await getTask(env.DB, id);
    expect(JSON.parse(task?.input ?? "")).toMatchObject({ id: 77, cliente: "OsCorp" });
    expect(task).toMatchObject({ template: fields.name, max_attempts: 2 });
    expect((await submit(`${path}/runs`, { input: "[1]" }, { cookie })).status).toBe(400);

    expect((await submit(`${path}/deactivation`, {}, { cookie })).status).toBe(303);
    expect((await visit(`${path}/runs`, { cookie })).status).toBe(404);
    expect((await submit(path, { ...fields, description: "Otro" }, { cookie })).status).toBe(303);
    expect(await page("/admin/run")).toContain("Otro");
    expect((await visit(`${path}/runs`, { cookie })).status).toBe(200);
  });

  it("of work that runs elsewhere are made, shown and changed, and not run", async () => {
    const cookie = await as("operator");
    const empty = await page("/admin/run/templates?task=", "operator");
    expect(empty).toMatch(/<input id="task_name"[^>]*required/);
    const elsewhere = {
      ...fields,
      name: "Nómina de cierre",
      task_name: "nomina.cerrar",
      module: "nomina",
      elsewhere: "on",
      default_timeout: "86400",
    };
    const path = `/admin/run/templates/${encodeURIComponent(elsewhere.name)}`;
    const made = await submit("/admin/run/templates", elsewhere, { cookie });
    expect(made.status, await made.text()).toBe(303);
    const list = await page("/admin/run", "operator");
    expect(list).toContain("nomina.cerrar");
    expect(list).toContain("se ejecuta fuera");
    expect(list).not.toContain(`${path}/runs`);
    expect(await page("/admin/run?lang=en", "operator")).toContain(elsewhere.name);
    const edit = await page(path, "operator");
    expect(edit).toMatch(/id="task_name"[^>]*value="nomina.cerrar"/);
    expect(edit).toMatch(/id="module"[^>]*value="nomina"/);
    expect(edit).toMatch(/id="default_timeout"[^>]*value="86400"/);
    const changed = await submit(path, { ...elsewhere, description: "Cada mes" }, { cookie });
    expect(changed.status).toBe(303);
    const stored = await getTemplate(env.DB, elsewhere.name);
    expect(stored).toMatchObject({ module: "nomina", description: "Cada mes" });
    const run = await visit(`${path}/runs`, { cookie });
    expect(run.status).toBe(409);
    expect(await run.text()).toContain("no se ejecuta aquí");
    expect(await page(`${path}/deactivation`, "operator")).toContain("Lo que se registre");

    for (const wrong of [
      { ...elsewhere, module: "" },
      { ...elsewhere, task_name: "pedidos.procesar" },
    ]) {
      const refused = await submit(path, wrong, { cookie });
      expect(refused.status).toBe(400);
      expect(await refused.text()).toMatch(/id="module"[^>]*aria-invalid="true"/);
    }
  });

  it("of a task one may not start are neither taken over nor deactivated", async () => {
    const cookie = await as("operator");
    await submit("/admin/run/templates", { ...fields, name: "theirs" }, { cookie });
    await env.DB.exec("UPDATE task_templates SET task_name = 'system.bulk' WHERE name = 'theirs'");
    const path = "/admin/run/templates/theirs";
    expect((await submit(path, { ...fields, name: "theirs" }, { cookie })).status).toBe(404);
    expect((await submit(`${path}/deactivation`, {}, { cookie })).status).toBe(404);
    const stored = await getTemplate(env.DB, "theirs");
    expect(stored).toMatchObject({ taskName: "system.bulk", active: true });
  });

  it("are refused field by field, and are not for a viewer", async () => {
    const cookie = await as("operator");
    const wrong = { ...fields, name: ".", default_timeout: "0", notify_progress: "101" };
    const refused = await submit("/admin/run/templates", wrong, { cookie });
    expect(refused.status).toBe(400);
    const text = await refused.text();
    for (const field of ["name", "default_timeout", "notify_progress"]) {
      expect(text).toMatch(new RegExp(`id="${field}"[^>]*aria-invalid="true"`));
    }
    const json = { ...fields, default_parameters: "{" };
    expect((await submit("/admin/run/templates", json, { cookie })).status).toBe(400);
    const internal = { ...fields, name: "other", task_name: "system.bulk" };
    expect((await submit("/admin/run/templates", internal, { cookie })).status).toBe(404);
    const viewer = { cookie: await as("viewer") };
    expect((await visit("/admin/run/templates", viewer)).status).toBe(403);
    expect((await submit("/admin/run/templates", fields, viewer)).status).toBe(403);
    expect((await visit("/admin/run/templates/nope", { cookie })).status).toBe(404);
  });
});
