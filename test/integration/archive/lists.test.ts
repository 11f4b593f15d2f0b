import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { recordsKey } from "../../../src/archive/keys";
import { allGenerations } from "../../../src/archive/manifest";
import type { Cursor } from "../../../src/http/paging";
import { batchIdOf } from "../../../src/lib/ids";
import { listEverywhere } from "../../../src/tasks/reading/archived";
import { listBriefly, listTasks } from "../../../src/tasks/reading/list";
import type { Order, TaskFilter } from "../../../src/tasks/reading/task-filter";
import { adminSession, call, expectProblem, masterKey } from "../../support/api";
import { archiveNow, clearArchive } from "../../support/archive";
import { visit } from "../../support/console";
import { testEnv } from "../../support/engine";
import { DAY, type Past, seedPast } from "../../support/history";
import { clearTasks } from "../../support/recount";

const testing = testEnv();

beforeEach(async () => {
  await clearTasks();
  await clearArchive();
});

const NOW = Date.now();
const STATES = ["SUCCESS", "FAILURE", "REVOKED", "PENDING", "RETRY"] as const;
const NAMES = ["orders.process", "Reports.Daily", "informes.Mañana"];
const MODULES = ["pedidos", "Informes", "exports"];
const USERS = ["user:ana", "key:k1"];
const WORKERS = ["node-1", "Node-2"];
const SUBJECTS = ["4711", "caf\u00e9", "PED-9"];
const CODES = ["invalid_order", "unknown_sku"];
const MESSAGES = ["No product P-1", "No product P-22", "Something else"];
const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values));

const past: fc.Arbitrary<Past> = fc
  .record({
    day: fc.constantFrom(45, 44, 40, 5, 4),
    ms: fc.integer({ min: 0, max: DAY / 2 }),
    status: fc.constantFrom(...STATES),
    name: fc.constantFrom(...NAMES),
    module: fc.constantFrom(...MODULES),
    user: maybe(USERS),
    worker: maybe(WORKERS),
    subject: maybe(SUBJECTS),
    code: maybe(CODES),
    message: maybe(MESSAGES),
    discarded: fc.boolean(),
  })
  .map(({ day, ms, ...rest }) => ({
    ...rest,
    at: NOW - day * DAY + ms,
    discarded: rest.status === "FAILURE" && rest.discarded,
  }));

const some = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const moment = fc.option(fc.integer({ min: NOW - 46 * DAY, max: NOW }), { nil: undefined });

const filters: fc.Arbitrary<TaskFilter> = fc
  .record({
    status: some([...STATES, "OPEN"] as const),
    name: some(["orders.process", "REPORTS.daily", "informes.manana"]),
    module: some(["PEDIDOS", "informes"]),
    user: some(["ana", "key:k1", "user:ana"]),
    worker: some(["NODE-1"]),
    subject: some(["4711", "cafe\u0301"]),
    codes: some([["invalid_order"], CODES]),
    message: some(["No product …", "Something else"]),
    discarded: some([true, false]),
    from: moment,
    before: moment,
    search: some(["4711", "PED-9", "00000000-0000-7000-8000-000000000000"]),
  })
  .chain((all) =>
    // A few at a time: all of them together find nothing.
    fc
      .subarray(Object.keys(all) as (keyof typeof all)[], { maxLength: 3 })
      .map((kept) => Object.fromEntries(kept.map((key) => [key, all[key]])) as TaskFilter),
  );

/** The ids of a whole list, page by page, one way or the other. */
async function idsOf(filter: TaskFilter, order: Order, list: typeof listTasks): Promise<string[]> {
  const pages: string[][] = [];
  let cursor: Cursor | null = null;
  let previous: Cursor["key"] | null = null;
  do {
    const page = await listEverywhere(env, filter, { limit: 6, cursor }, order, list);
    pages.push(page.rows.map(({ id }) => id));
    previous = page.previous;
    cursor = page.next && { direction: "next", key: page.next, total: page.total };
    expect(pages.length).toBeLessThan(100);
  } while (cursor !== null);
  const back: string[][] = [];
  const total = { count: 0, capped: true };
  while (previous !== null) {
    cursor = { direction: "previous", key: previous, total };
    const page = await listEverywhere(env, filter, { limit: 6, cursor }, order, list);
    back.push(page.rows.map(({ id }) => id));
    previous = page.previous;
    expect(back.length).toBeLessThan(100);
  }
  const ids = pages.flat();
  const last = pages.at(-1)?.length ?? 0;
  expect(back.toReversed().flat()).toEqual(ids.slice(0, ids.length - last));
  return ids;
}

describe("the list of tasks", () => {
  it("finds the same by any filter before and after archiving, in both orders and directions", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(past, { minLength: 1, maxLength: 24 }),
        fc.array(fc.tuple(filters, fc.constantFrom("newest" as const, "oldest" as const)), {
          minLength: 5,
          maxLength: 5,
        }),
        async (pasts, asked) => {
          await clearTasks();
          await clearArchive();
          const ids = await seedPast(pasts);
          const one = ids[0] ?? "";
          asked.push([{ search: one }, "newest"], [{ lote: batchIdOf(one) }, "oldest"]);
          asked.push([{ search: batchIdOf(one) }, "newest"], [{}, "newest"]);
          const before: string[][] = [];
          for (const [filter, order] of asked) {
            before.push(await idsOf(filter, order, listTasks));
          }
          const { id: archiver } = await archiveNow(testing);
          for (const [index, [filter, order]] of asked.entries()) {
            const list = order === "newest" ? listBriefly : listTasks;
            const after = await idsOf(filter, order, list);
            const wanted = before[index];
            const seen = after.filter((id) => id !== archiver);
            expect(seen, JSON.stringify({ filter, order })).toEqual(wanted);
          }
        },
      ),
      { numRuns: 10, endOnFailure: true },
    );
  }, 120_000);
});

it("a task that leaves D1 while a page is read is on it once", async () => {
  const ids = await seedPast([45, 44, 5].map((day) => ({ at: NOW - day * DAY })));
  const filter = { before: NOW };
  const leaving: typeof listTasks = async (...asked) => {
    const page = await listTasks(...asked);
    await archiveNow(testing);
    return page;
  };
  const page = await listEverywhere(env, filter, { limit: 10, cursor: null }, "newest", leaving);
  expect(page.rows.map(({ id }) => id)).toEqual(ids.toReversed());
  expect(page.total).toEqual({ count: 3, capped: false });
  const after = await listEverywhere(env, filter, { limit: 10, cursor: null });
  expect(after.rows.filter(({ archived }) => archived)).toHaveLength(2);
});

describe("a batch", () => {
  it("that is archived shows its tasks and how they ended", async () => {
    const [id = ""] = await seedPast([
      {
        at: NOW - 40 * DAY,
        order: { id: `B-${crypto.randomUUID()}`, customer: "ACME", processedAt: NOW - 40 * DAY },
      },
    ]);
    await archiveNow(testing);
    const page = await visit(`/pedidos/lotes/${batchIdOf(id)}`, { cookie: await adminSession() });
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain(`data-task="${id}"`);
    expect(html).toMatch(/1 of 1/);
  });
});

describe("the console", () => {
  const orderId = () => `CON-${crypto.randomUUID()}`;
  async function archivedOrder() {
    const order = { id: orderId(), customer: "Núñez Hermanos", processedAt: NOW - 40 * DAY };
    const [id = ""] = await seedPast([
      { at: NOW - 40 * DAY, order },
      { at: NOW - 40 * DAY + 5, status: "FAILURE" },
      { at: NOW - DAY },
    ]);
    await archiveNow(testing);
    return { id, order };
  }
  const open = async (path: string) => {
    const page = await visit(path, { cookie: await adminSession() });
    return { status: page.status, html: await page.text() };
  };
  const MARK = /class="archived">archived</g;

  it("marks archived tasks in the list, links their orders, and offers no box to pick them", async () => {
    const { id, order } = await archivedOrder();
    const { html } = await open("/admin/tasks");
    expect(html.match(MARK)).toHaveLength(2);
    expect(html).toContain(`href="/admin/orders/${order.id}"`);
    expect(html).not.toContain(`name="id" value="${id}"`);
    expect(html.match(/name="id"/g)).toHaveLength(2); // the young one, and the archiving
  });

  it("marks archived orders in the list, which their customers find", async () => {
    const { order } = await archivedOrder();
    const { html } = await open("/admin/orders?q=nunez");
    expect(html.match(MARK)).toHaveLength(1);
    expect(html).toContain(order.id);
    expect(html).toContain("Archived orders are found by whole words.");
  });

  it("says on the page of a task that it is archived, and offers a replay but no discard", async () => {
    const { id, order } = await archivedOrder();
    const { html } = await open(`/admin/tasks/${id}`);
    expect(html).toMatch(/Archived on <time datetime="20\d\d-/);
    expect(html).toContain(`href="/admin/orders/${order.id}"`);
    const failed = await open("/admin/tasks?status=FAILURE");
    const [, path = ""] = /href="(\/admin\/tasks\/[0-9a-f-]{36})"/.exec(failed.html) ?? [];
    const page = await open(path);
    expect(page.html).toContain("kept in R2");
    expect(page.html).toContain(`href="${path}/replays"`);
    expect(page.html).not.toContain(`href="${path}/discards"`);
  });

  it("says on the page of an order that it is archived", async () => {
    const { order, id } = await archivedOrder();
    const { html } = await open(`/admin/orders/${order.id}`);
    expect(html).toMatch(/Archived on <time datetime="20\d\d-/);
    expect(html).toContain(`href="/admin/tasks/${id}"`);
    expect(html).not.toContain(`/admin/orders/${order.id}/deletion`);
  });

  it("names on the page what of the archive cannot be read", async () => {
    const { order, id } = await archivedOrder();
    const [key = expect.fail()] = await allGenerations(env.DB, "tasks");
    await env.FILES.delete(recordsKey(key));
    for (const path of ["/admin/tasks", "/admin/orders", `/admin/orders?q=${order.id}`]) {
      const { status, html } = await open(path);
      expect(status).toBe(200);
      expect(html).toContain("Archived records are missing");
      expect(html).toContain(`${key.day}, from ${id} to `);
    }
    for (const path of [`/admin/tasks/${id}`, `/admin/orders/${order.id}`]) {
      expect((await open(path)).status).toBe(410);
    }
    await clearArchive(); // what cannot be read cannot be counted again
    await clearTasks();
  });
});

describe("the old program's routes", () => {
  it("tell of one archived task as of any", async () => {
    const [id = ""] = await seedPast([{ at: NOW - 40 * DAY, status: "FAILURE" }]);
    await archiveNow(testing);
    const key = await masterKey();
    const one = await call(`/api/task-manager/tasks/${id}`, { key });
    expect(await one.json()).toMatchObject({ id, status: "FAILURE", archived: true });
    const status = await call(`/api/task-manager/tasks/status/${id}`, { key });
    expect(await status.json()).toMatchObject({ status: "FAILURE" });
    const none = await call(`/api/task-manager/tasks/${id.slice(0, -1)}f`, { key });
    await expectProblem(none, 404, "task_not_found");
  });
});
