/** Callers write fields beside orders and tracked work: each field, row and page has a bound. */
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import worker from "../../../src/index";
import { newBatchId, taskId } from "../../../src/lib/ids";
import {
  adminSession,
  call,
  expectBadParameter,
  expectProblem,
  masterKey,
} from "../../support/api";
import { visit } from "../../support/console";
import { deafQueue } from "../../support/engine";
import { clearTasks, recount } from "../../support/recount";

const write = async (path: string, body: unknown) =>
  call(path, {
    method: "POST",
    key: await masterKey(),
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    env: { QUEUE_ORDERS: deafQueue, QUEUE_TASKS: deafQueue },
  });

beforeEach(clearTasks);
afterAll(clearTasks);

describe("templates", () => {
  const PATH = "/api/tasks/templates/";
  const body = (name: string, note = "") => ({
    name,
    task_name: "pedidos.procesar",
    default_parameters: { note },
  });
  const store = (count: number, bytes: number) =>
    env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO task_templates (name, task_name, description, defaults, steps, active,
         created_at, updated_at)
       SELECT printf('t%04d', i), 'pedidos.procesar', '', json_object('n', hex(zeroblob(?2 / 2))),
         '[]', 1, 0, 0 FROM n`,
    )
      .bind(count, bytes)
      .run();

  beforeEach(() => env.DB.exec("DELETE FROM task_templates"));

  it("have no more defaults than an input may have", async () => {
    expect((await write(PATH, body("fits", "n".repeat(63_900)))).status).toBe(201);
    await expectBadParameter(
      await write(PATH, body("not", "n".repeat(64_000))),
      "default_parameters",
    );
  });

  it("as large as they ever were come in bounded pages, each once", async () => {
    await store(40, 260_000);
    const names: string[] = [];
    let next: string | null = `${PATH}?limit=200`;
    while (next !== null) {
      const text: string = await (await call(next, { key: await masterKey() })).text();
      expect(text.length).toBeLessThan(1_500_000);
      const page = JSON.parse(text) as { next: string | null; results: { name: string }[] };
      names.push(...page.results.map(({ name }) => name));
      next = page.next;
    }
    expect(names).toEqual(
      Array.from({ length: 40 }, (_, i) => `t${String(i + 1).padStart(4, "0")}`),
    );
    const page = await visit("/admin/run", { cookie: await adminSession() });
    const html = await page.text();
    expect(html.length).toBeLessThan(100_000);
    expect(html).toContain("t0040");
  });

  it("are a thousand at most; those there are may still be changed", async () => {
    await store(1000, 2);
    await expectProblem(await write(PATH, body("one more")), 409, "too_many_templates");
    expect((await write(PATH, body("t0500"))).status).toBe(200);
  });
});

it("failures of a thousand kinds fit a page, the most frequent first", async () => {
  const lote = newBatchId(Date.now());
  const rows = Array.from({ length: 1000 }, (_, index) => ({
    id: taskId(lote, index),
    message: index < 7 ? "frequent" : `${"猫".repeat(190)}${String.fromCharCode(0x5000 + index)}`,
  }));
  await env.DB.prepare(
    `INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, ready_at, check_at,
       created_at, finished_at, error_code, error_message)
     SELECT value ->> 'id', 'pedidos.procesar', 'pedidos', 'orders', 'FAILURE', '{}', 3, 0, 0,
       ?2, ?2, 'failed', value ->> 'message' FROM json_each(?1)`,
  )
    .bind(JSON.stringify(rows), Date.now())
    .run();
  await recount();
  const html = await (await visit("/admin/failures", { cookie: await adminSession() })).text();
  expect(html.length).toBeLessThan(1_000_000);
  expect(html.match(/<tr data-key=/g)).toHaveLength(100);
  expect(html.indexOf("frequent")).toBeLessThan(html.indexOf("猫"));
  expect(html).toContain("The 100 most frequent groups are shown");
});

it("the audit log keeps of a filter with a thousand ids its size and beginning", async () => {
  await env.DB.exec("DELETE FROM audit_log");
  const lote = newBatchId(Date.now());
  const ids = Array.from({ length: 1000 }, (_, index) => taskId(lote, index));
  const reason = "r".repeat(500);
  for (let count = 0; count < 3; count++) {
    const asked = { action: "discard", filter: { ids }, reason };
    expect((await write("/api/tasks/bulk/", asked)).status).toBe(202);
  }
  const { n } = (await env.DB.prepare("SELECT max(length(detail)) AS n FROM audit_log").first<{
    n: number;
  }>()) ?? { n: 0 };
  expect(n).toBeLessThan(5000);
  const answer = await call("/api/audit/", { cookie: await adminSession() });
  const { results } = await answer.json<{ results: { detail: unknown }[] }>();
  expect(results[0]?.detail).toEqual({
    action: "discard",
    reason,
    filter: {
      too_large: true,
      characters: JSON.stringify({ ids }).length,
      beginning: expect.stringContaining(ids[0] ?? ""),
    },
  });
  const page = await visit("/admin/audit", { cookie: await adminSession() });
  expect(page.status).toBe(200);
});

it("a session keeps the beginning of its browser's name", async () => {
  const answer = await call("/api/auth/sign-in/email", {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": `Firefox ${"x".repeat(50_000)}` },
    body: JSON.stringify({ email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD }),
  });
  expect(answer.status).toBe(200);
  const longest = await env.DB.prepare(
    "SELECT max(length(user_agent)) AS n FROM sessions WHERE user_agent LIKE 'Firefox x%'",
  ).first<number>("n");
  expect(longest).toBe(255);
});

it("twenty thousand old notifications go in one look of the cron", async () => {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
     INSERT INTO notifications (id, user, fold, type, task_id, task_name, count, created_at, updated_at)
     SELECT printf('%012x', i) || lower(hex(randomblob(10))), 'user:1', 'info ' || i, 'info', 't', 'n',
       1, i, i FROM n`,
  ).run();
  await worker.scheduled?.(createScheduledController(), env);
  expect(await env.DB.prepare("SELECT count(*) AS n FROM notifications").first<number>("n")).toBe(
    0,
  );
});
