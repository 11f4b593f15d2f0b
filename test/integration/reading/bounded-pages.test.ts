/**
 * Pages of lists are bounded in bytes and complete in rows, even over rows as large as rows ever
 * were.
 */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { taskSource } from "../../../src/exports/tasks";
import { newBatchId, taskId } from "../../../src/lib/ids";
import { adminSession, call, masterKey, pagesFrom } from "../../support/api";
import type { Execution, Pedido } from "../../support/api-orders";
import { storeBulkyOrders } from "../../support/bulky-orders";
import { recount } from "../../support/recount";

// A page has a megabyte, the row that reaches it, and the small fields of 200 rows.
const MAX_BYTES = 1_700_000;

interface UserTaskPage {
  results: Execution[];
  tasks: { id: string; result: unknown }[];
  next: string;
}

const sizeOf = async (path: string) => {
  const init = path.startsWith("/api/")
    ? { key: await masterKey() }
    : { cookie: await adminSession(), headers: { accept: "text/html" } };
  const response = await call(path, init);
  expect(response.status, path).toBe(200);
  return (await response.arrayBuffer()).byteLength;
};

describe("200 tasks with results of 255 KiB, as older versions stored them", () => {
  const ids: string[] = [];
  const lote = newBatchId(Date.now());

  beforeAll(async () => {
    await adminSession(); // The session makes the first administrator, whose tasks these are.
    ids.push(...Array.from({ length: 200 }, (_, index) => taskId(lote, index)));
    await env.DB.prepare(
      `INSERT INTO tasks (id, name, module, queue, status, user, external_id, input, max_attempts,
         ready_at, check_at, created_at, started_at, finished_at, attempts, result, error_code)
       SELECT value, 'nomina.calcular', 'nomina', 'tracked', iif(key % 2, 'SUCCESS', 'FAILURE'),
         'user:' || (SELECT id FROM users LIMIT 1), 'n' || key, '{}', 1, 0, 0, ?2, ?2, ?2, 1,
         json_object('filas', hex(zeroblob(130500))), iif(key % 2, NULL, 'dead_letter')
       FROM json_each(?1)`,
    )
      .bind(JSON.stringify(ids), Date.now())
      .run();
    await recount();
  });

  it.each([
    "/api/tasks/executions/?limit=200",
    "/api/tasks/executions/?limit=200&ordering=created_at",
    "/api/tasks/executions/?limit=200&status=FAILURE",
    "/api/tasks/executions/?limit=200&task_module=nomina",
    `/api/tasks/executions/?limit=200&lote=${lote}`,
    "/api/tasks/stats/",
    "/admin/tasks",
    "/admin/failures",
    "/admin/dead-letters",
    `/pedidos/lotes/${lote}`,
    "/admin/",
  ])("%s is bounded", async (path) => {
    expect(await sizeOf(path)).toBeLessThan(MAX_BYTES);
  });

  it("a person's own list is bounded, though each result is in it twice", async () => {
    let path = "/api/tasks/user-tasks/?limit=200";
    for (const seen of [0, 2, 4]) {
      const text = await (await call(path, { cookie: await adminSession() })).text();
      expect(text.length).toBeLessThan(MAX_BYTES);
      const page = JSON.parse(text) as UserTaskPage;
      const wanted = ids.toReversed().slice(seen, seen + 2);
      expect(page.results.map(({ id }) => id)).toEqual(wanted);
      expect(page.tasks.map(({ id }) => id)).toEqual(wanted);
      expect(page.tasks[0]?.result).toEqual(page.results[0]?.result_data);
      expect(page).toMatchObject({ count: 200, next: expect.any(String) });
      path = page.next;
    }
  });

  it.each(["next", "previous"] as const)(
    "all are visited once by %s, results whole",
    async (to) => {
      const first =
        to === "next"
          ? "/api/tasks/executions/?limit=200"
          : (await pagesFrom<Execution>("/api/tasks/executions/?limit=200", "next")).at(-1)
              ?.previous;
      const pages = await pagesFrom<Execution>(first ?? "", to);
      const rows = (to === "next" ? pages : pages.toReversed()).flatMap(({ results }) => results);
      const seen = rows.map(({ id }) => id);
      const wanted = ids.toReversed();
      expect(seen).toEqual(to === "next" ? wanted : wanted.slice(0, seen.length));
      expect(seen.length).toBeGreaterThan(190);
      expect(pages.every(({ results }) => results.length <= 5)).toBe(true);
      for (const { result_data } of rows) {
        expect(JSON.stringify(result_data)).toHaveLength(261_012);
      }
    },
  );

  it("the console's page shows as many rows as ever", async () => {
    const response = await call("/admin/tasks", {
      cookie: await adminSession(),
      headers: { accept: "text/html" },
    });
    expect((await response.text()).match(/data-task=/g)).toHaveLength(25);
  });

  it("an export holds a few of them at a time, and all in the end", async () => {
    const walk = taskSource.walk(env, {
      input: { formato: "ndjson", filter: { lote } },
      createdAt: Date.now() + 1000,
    });
    const seen: string[] = [];
    for await (const { rows } of walk.pages(null)) {
      expect(rows.length).toBeLessThanOrEqual(4);
      seen.push(...rows.map(({ id }) => id));
    }
    expect(seen).toEqual(ids.toReversed());
  });

  it("a traceback counts as much as a result", async () => {
    await env.DB.prepare("UPDATE tasks SET error_traceback = result, result = NULL").run();
    const path = `/api/tasks/executions/?limit=200&lote=${lote}`;
    expect(await sizeOf(path)).toBeLessThan(MAX_BYTES);
    expect(await sizeOf("/admin/tasks")).toBeLessThan(100_000);
  });
});

type Order = Pedido & { detalle_completo: unknown[] };

describe("200 orders of 200 lines with titles of 500 characters", () => {
  beforeAll(async () => {
    await storeBulkyOrders({ count: 200, processedAt: Date.UTC(2026, 0, 1) });
    const line = { sku: "S".repeat(64), quantity: 10_000, unitPrice: 1, title: "ñ".repeat(500) };
    await env.DB.prepare("UPDATE orders SET lines = ?")
      .bind(JSON.stringify(Array.from({ length: 200 }, () => line)))
      .run();
  });

  it.each(["/api/pedidos?limit=200", "/api/pedidos?limit=200&cliente=Jos%C3%A9%20%C3%91and%C3%BA"])(
    "%s is bounded",
    async (path) => {
      expect(await sizeOf(path)).toBeLessThan(MAX_BYTES);
    },
  );

  it("each is visited once, forwards and back, with all its lines", async () => {
    const pages = await pagesFrom<Order>("/api/pedidos?limit=200", "next");
    const orders = pages.flatMap(({ results }) => results);
    const ids = orders.map((order) => order.id_pedido_original);
    expect(new Set(ids).size).toBe(200);
    expect(orders.every((order) => order.detalle_completo.length === 200)).toBe(true);
    const back = await pagesFrom<Order>(pages.at(-1)?.previous ?? "", "previous");
    const before = back.toReversed().flatMap(({ results }) => results);
    expect(before.map((order) => order.id_pedido_original)).toEqual(ids.slice(0, before.length));
  }, 60_000);

  it("the console's page needs no lines to say how many there are", async () => {
    expect(await sizeOf("/admin/orders")).toBeLessThan(100_000);
    const response = await call("/admin/orders", {
      cookie: await adminSession(),
      headers: { accept: "text/html" },
    });
    const html = await response.text();
    expect(html.match(/<tr data-key=/g)).toHaveLength(25);
    expect(html).toMatch(/class="number">200</);
  });
});
