import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { recordsKey } from "../../../src/archive/keys";
import { allGenerations } from "../../../src/archive/manifest";
import { readIndex } from "../../../src/archive/read";
import { exportOrders, orderSource } from "../../../src/exports/orders";
import { defineExport } from "../../../src/exports/task";
import { exportTasks, taskSource } from "../../../src/exports/tasks";
import { Engine } from "../../../src/tasks/model/engine";
import { archiveNow, clearArchive } from "../../support/archive";
import { deliver, passWaits, storeTasks, taskOf, testEnv } from "../../support/engine";
import { textOf } from "../../support/exported";
import { DAY, type Past, seedPast } from "../../support/history";
import { clearTasks } from "../../support/recount";

const PART = 5 * 1024 * 1024;
const testing = testEnv();
const sliced = new Engine([defineExport(taskSource, PART, 0), defineExport(orderSource, PART, 0)]);

beforeEach(async () => {
  await clearTasks();
  await clearArchive();
});

let made = 0;

/** Tasks with their orders, one a minute from so long ago on. */
function pasts(
  count: number,
  ageDays: number,
  customer = "ACME",
): (Past & Required<Pick<Past, "order">>)[] {
  return Array.from({ length: count }, (_, n) => {
    made += 1;
    const at = Date.now() - ageDays * DAY + n * 60_000;
    return {
      at,
      order: { id: `EXP-${made}-${crypto.randomUUID()}`, customer, processedAt: at + 5 },
    };
  });
}

/** 640 tasks that may leave, of three days, and 60 that stay. */
async function seedBoth(): Promise<{ ids: string[]; orders: string[] }> {
  const all = [...pasts(330, 45), ...pasts(310, 40), ...pasts(60, 5)];
  const ids = await seedPast(all);
  return { ids, orders: all.map(({ order }) => order.id) };
}

async function exported(
  definition: typeof exportTasks | typeof exportOrders,
  input: object,
  between: (slice: number) => Promise<unknown> = () => Promise.resolve(),
) {
  const [id = ""] = await storeTasks(testing, definition, [{ formato: "ndjson", ...input }]);
  for (let slice = 1; slice < 60; slice += 1) {
    await deliver([id], testing, sliced);
    const task = await taskOf(id);
    if (task.status !== "PENDING") {
      expect(task).toMatchObject({ status: "SUCCESS", error_message: null });
      const lines = (await textOf(id)).split("\n").filter((line) => line !== "");
      const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      return { rows, result: JSON.parse(task.result ?? "") as Record<string, unknown>, slice };
    }
    await between(slice);
    await passWaits([id]);
  }
  return expect.fail("The export does not end");
}

const tasksOnly = { filter: { module: "pedidos" } };

describe("an export of tasks", () => {
  it("has those of both places, newest first", async () => {
    const { ids } = await seedBoth();
    await archiveNow(testing);
    const { rows, result } = await exported(exportTasks, tasksOnly);
    expect(rows.map(({ id }) => id)).toEqual(ids.toReversed());
    expect(rows.filter(({ archived }) => archived)).toHaveLength(640);
    expect(result).toMatchObject({ filas: 700 });
    expect(result).not.toHaveProperty("damaged");
  });

  it.each([1, 2])("has each once while they are archived after slice %i", async (at) => {
    const { ids } = await seedBoth();
    const { rows, slice } = await exported(exportTasks, tasksOnly, async (done) => {
      if (done === at) {
        await archiveNow(testing);
      }
    });
    expect(slice).toBeGreaterThan(at);
    expect(rows.map(({ id }) => id)).toEqual(ids.toReversed());
  });

  it("has each once while they are archived between two pages of one look at D1", async () => {
    const { ids } = await seedBoth();
    const input = { formato: "csv" as const, ...tasksOnly };
    const seen: string[] = [];
    let pages = 0;
    for await (const { rows, end } of taskSource
      .walk(env, { input, createdAt: Date.now() + 1000 })
      .pages(null)) {
      seen.push(...rows.map(({ id }) => id));
      expect(rows.length).toBeLessThanOrEqual(500);
      expect(JSON.parse(JSON.stringify(end))).toBe(end);
      pages += 1;
      if (pages === 1) {
        await archiveNow(testing);
      }
    }
    expect(seen).toEqual(ids.toReversed());
  });

  it("of a filter of time finds no more of the archive than that", async () => {
    const { ids } = await seedBoth();
    await archiveNow(testing);
    const from = Date.now() - 40 * DAY - 3_600_000;
    const { rows } = await exported(exportTasks, { filter: { module: "pedidos", from } });
    expect(rows.map(({ id }) => id)).toEqual(ids.slice(330).toReversed());
  });

  it("ends with what can be read, and says what cannot", async () => {
    const { ids } = await seedBoth();
    await archiveNow(testing);
    const [key = expect.fail()] = await allGenerations(env.DB, "tasks");
    const { members } = await readIndex(env.FILES, key);
    await env.FILES.delete(recordsKey(key));
    const { rows, result } = await exported(exportTasks, tasksOnly);
    const [{ first_id, last_id } = expect.fail()] = members;
    expect(result["damaged"]).toEqual([{ day: key.day, generation: 1, first_id, last_id }]);
    const left = ids.filter((id) => id < first_id || id > last_id);
    expect(left.length).toBeLessThan(ids.length);
    expect(rows.map(({ id }) => id)).toEqual(left.toReversed());
    await clearArchive(); // what cannot be read cannot be counted again
    await clearTasks();
  });
});

describe("an export of orders", () => {
  const idsOf = (rows: Record<string, unknown>[]) => rows.map((row) => row["id_pedido_original"]);

  it("has those of both places, oldest first", async () => {
    const { orders } = await seedBoth();
    await archiveNow(testing);
    const { rows, result } = await exported(exportOrders, {});
    expect(idsOf(rows)).toEqual(orders);
    expect(rows.filter(({ archived }) => archived)).toHaveLength(640);
    expect(result).toMatchObject({ filas: 700 });
  });

  it("has each once while they are archived between two slices", async () => {
    const { orders } = await seedBoth();
    const { rows, slice } = await exported(exportOrders, {}, async (done) => {
      if (done === 1) {
        await archiveNow(testing);
      }
    });
    expect(slice).toBeGreaterThan(1);
    expect(idsOf(rows)).toEqual(orders);
  });

  it("goes back and forth between the places where their times do", async () => {
    // Archived by the day of the task; listed by when the order was stored.
    const late = pasts(20, 40).map((past, n) => ({
      ...past,
      order: { ...past.order, processedAt: Date.now() - 5 * DAY + n * 90_000 },
    }));
    const young = pasts(30, 5);
    await seedPast([...late, ...young]);
    await archiveNow(testing);
    const { rows } = await exported(exportOrders, {});
    const wanted = [...late, ...young]
      .map(({ order }) => order)
      .toSorted((a, b) => a.processedAt - b.processedAt || (a.id < b.id ? -1 : 1));
    expect(idsOf(rows)).toEqual(wanted.map(({ id }) => id));
  });

  it("of a customer has theirs alone", async () => {
    const others = pasts(10, 45, "Núñez Hermanos");
    await seedPast([...others, ...pasts(10, 44, "Núñez")]);
    await archiveNow(testing);
    const { rows } = await exported(exportOrders, { cliente: "NUNEZ hermanos" });
    expect(idsOf(rows)).toEqual(others.map(({ order }) => order.id));
  });

  it("says what cannot be read", async () => {
    await seedBoth();
    await archiveNow(testing);
    const [key = expect.fail()] = await allGenerations(env.DB, "tasks");
    await env.FILES.delete(recordsKey(key));
    const { result } = await exported(exportOrders, {});
    expect(result["damaged"]).toMatchObject([{ day: key.day, generation: 1 }]);
    await clearArchive(); // what cannot be read cannot be counted again
    await clearTasks();
  });
});
