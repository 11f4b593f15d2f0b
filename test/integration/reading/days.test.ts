/** A date without a time is that whole day, wherever the API takes one. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newBatchId, taskId } from "../../../src/lib/ids";
import { call, expectBadParameter, masterKey, pagesFrom } from "../../support/api";
import { JSON_TYPE } from "../../support/api-orders";
import { seedOrders } from "../../support/api-rows";
import { taskOf } from "../../support/engine";
import { textOf } from "../../support/exported";
import { person } from "../../support/people";
import { recount } from "../../support/recount";

/** The day is the last of a month, and one that only leap years have. */
const DAY = "2016-02-29";
const MIDNIGHT = Date.parse(DAY);
const DAY_MS = 86_400_000;
/** The moments are at the day's edges, in UTC and five hours behind it. */
const MOMENTS = [-1, 0, DAY_MS - 1, DAY_MS, DAY_MS + 5 * 3_600_000 - 1].map((ms) => MIDNIGHT + ms);
const ids = MOMENTS.map((at) => taskId(newBatchId(at), 0));

/** Each range says by index which of the moments it lets through. */
const RANGES: [from: string | undefined, until: string, inside: number[]][] = [
  [DAY, DAY, [1, 2]],
  [undefined, DAY, [0, 1, 2]],
  [`${DAY}Z`, `${DAY}Z`, [1, 2]],
  [undefined, `${DAY}-05:00`, [0, 1, 2, 3, 4]],
  [`${DAY}-05:00`, `${DAY}-05:00`, [2, 3, 4]],
  [undefined, "2016-02-28", [0]],
  ["2016-03-01", "2016-12-31", [3, 4]],
  [DAY, "2016-02-29T23:59:59.999Z", [1, 2]],
];

beforeAll(async () => {
  await seedOrders(
    MOMENTS.map((processedAt, i) => ({ id: `edge-${i}`, customer: "Edges", processedAt })),
  );
  const tasks = MOMENTS.map((at, i) => ({ id: ids[i], at }));
  await env.DB.prepare(
    `INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, attempts, ready_at,
       check_at, created_at, finished_at, error_code, error_message)
     SELECT value ->> 'id', 'edges', 'edges', 'orders', 'FAILURE', '{}', 3, 1, value ->> 'at',
       value ->> 'at', value ->> 'at', value ->> 'at', 'seeded', 'seeded' FROM json_each(?)`,
  )
    .bind(JSON.stringify(tasks))
    .run();
  await recount();
});

async function post(path: string, body: unknown): Promise<Response> {
  const init = { method: "POST", headers: { "content-type": JSON_TYPE } };
  return call(path, { ...init, body: JSON.stringify(body), key: await masterKey() });
}

async function done(response: Response): Promise<string> {
  expect(response.status, await response.clone().text()).toBe(202);
  const { task_id: id } = await response.json<{ task_id: string }>();
  await expect.poll(async () => (await taskOf(id)).status, { timeout: 20_000 }).toBe("SUCCESS");
  return id;
}

/** Returns the lines of an export's file. */
async function exported<Row>(path: string, body: object): Promise<Row[]> {
  const text = await textOf(await done(await post(path, { formato: "ndjson", ...body })));
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}

const given = (fields: Record<string, string | undefined>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;

/** Returns what the pages of a list show, oldest first. */
async function listed<Row>(path: string, query: Record<string, string>): Promise<Row[]> {
  const search = new URLSearchParams({ ...query, limit: "2" }).toString();
  const pages = await pagesFrom<Row>(`${path}?${search}`, "next");
  return pages.flatMap(({ results }) => results).toReversed();
}

describe("a day is that whole day", () => {
  type Order = { id_pedido_original: string };
  type Task = { id: string };

  it.each(RANGES)("from %s to %s: in lists and exports of orders", async (desde, hasta, inside) => {
    const filter = given({ cliente: "Edges", desde, hasta });
    // The last moment of a range of orders is outside it.
    const expected = inside.filter((i) => hasta !== new Date(MOMENTS[i] ?? 0).toISOString());
    const orders = expected.map((i) => `edge-${i}`);
    const rows = await listed<Order>("/api/pedidos", filter);
    expect(rows.map((row) => row.id_pedido_original)).toEqual(orders);
    const lines = await exported<Order>("/api/exports", filter);
    expect(lines.map((line) => line.id_pedido_original)).toEqual(orders);
  });

  it.each(RANGES)("from %s to %s: in lists and exports of tasks", async (from, until, inside) => {
    const filter = given({ task_name: "edges", created_after: from, created_before: until });
    const expected = inside.map((i) => ids[i]);
    const rows = await listed<Task>("/api/tasks/executions/", filter);
    expect(rows.map(({ id }) => id)).toEqual(expected);
    const lines = await exported<Task>("/api/exports/tasks", { filter });
    expect(lines.map(({ id }) => id).toReversed()).toEqual(expected);
  });

  it("to a bulk action, and the audit log has it as it was sent", async () => {
    const filter = { task_name: "edges", created_after: DAY, created_before: DAY };
    const id = await done(
      await post("/api/tasks/bulk", { action: "discard", filter, reason: "edge" }),
    );
    const discarded = await listed<Task>("/api/tasks/executions/", {
      task_name: "edges",
      discarded: "true",
    });
    expect(discarded.map((task) => task.id)).toEqual([ids[1], ids[2]]);
    const entry = env.DB.prepare("SELECT detail FROM audit_log WHERE target = ?").bind(id);
    expect(JSON.parse((await entry.first<string>("detail")) ?? "")).toMatchObject({ filter });
  });

  it("to the form that starts a template's task", async () => {
    const defaults = { formato: "csv", hasta: DAY };
    const template = { name: "edges", task_name: "exports.orders", default_parameters: defaults };
    expect((await post("/api/tasks/templates", template)).status).toBe(201);
    const { cookie } = await person("operator");
    const form = await call("/admin/run/templates/edges/runs", { cookie });
    expect(await form.text()).toMatch(
      /<input [^>]*name="input\.hasta"[^>]* type="date" value="2016-02-29"/,
    );
  });

  it("to an order export started as a task", async () => {
    const input = { formato: "ndjson", cliente: "Edges", desde: DAY, hasta: DAY };
    const id = await done(await post("/api/tasks/run", { task_name: "exports.orders", input }));
    expect((await textOf(id)).match(/"edge-\d/g)).toEqual([`"edge-1`, `"edge-2`]);
  });
});

describe("a day there is not", () => {
  it.each(["2026-02-30", "2027-02-29", "2026-11-31Z", "2026-02-30T00:00:00Z", "2026-11-22 01:00"])(
    "is refused by its parameter's name: %s",
    async (day) => {
      const key = await masterKey();
      for (const [path, names] of [
        ["/api/pedidos", ["desde", "hasta"]],
        ["/api/tasks/executions/", ["created_after", "created_before"]],
      ] as const) {
        for (const name of names) {
          const query = new URLSearchParams({ [name]: day }).toString();
          await expectBadParameter(await call(`${path}?${query}`, { key }), name);
        }
      }
      const body = { formato: "csv", hasta: day };
      await expectBadParameter(await post("/api/exports", body), "hasta");
      const filter = { created_before: day };
      const parameter = "filter.created_before";
      const ofTasks = await post("/api/exports/tasks", { formato: "csv", filter });
      await expectBadParameter(ofTasks, parameter);
      await expectBadParameter(
        await post("/api/tasks/bulk", { action: "retry", filter }),
        parameter,
      );
    },
  );
});

it("the API's description says what a day is", async () => {
  const response = await call("/api/openapi.json");
  const document = await response.json<{
    paths: Record<string, Record<string, { parameters?: { name: string; schema: object }[] }>>;
  }>();
  const parameters = Object.values(document.paths).flatMap((item) => item["get"]?.parameters ?? []);
  for (const name of ["desde", "hasta", "created_after", "created_before"]) {
    const found = parameters.filter((parameter) => parameter.name === name);
    expect(found.length, name).toBeGreaterThan(0);
    for (const parameter of found) {
      expect(JSON.stringify(parameter), name).toMatch(
        /day.*A day is that of UTC, or of the offset/,
      );
    }
  }
});
