import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { indexKey, recordsKey } from "../../../src/archive/keys";
import { allGenerations } from "../../../src/archive/manifest";
import { readIndex } from "../../../src/archive/read";
import { deleteOrder } from "../../../src/orders/delete";
import {
  call,
  expectBadParameter,
  expectProblem,
  list,
  masterKey,
  pagesFrom,
} from "../../support/api";
import { type Pedido, pedido } from "../../support/api-orders";
import { seedOrders } from "../../support/api-rows";
import { archiveNow, clearArchive } from "../../support/archive";
import { testEnv } from "../../support/engine";
import { DAY, type Past, seedPast } from "../../support/history";
import { clearTasks } from "../../support/recount";

const testing = testEnv();
const NAMES = ["Núñez Hermanos", "ACME Corp", "Corp ACME", "Übersee GmbH", "Acme Núñez Corp"];

beforeEach(async () => {
  await clearTasks();
  await clearArchive();
  await env.DB.prepare("DELETE FROM deleted_orders").run();
});

let made = 0;

/** An order that was stored so long ago, by a task accepted then. */
function stored(
  ageMs: number,
  lagMs = 10,
  customer?: string,
): Past & Required<Pick<Past, "order">> {
  made += 1;
  const at = Date.now() - ageMs;
  const name = customer ?? NAMES[made % NAMES.length] ?? "";
  const order = {
    id: `ARC-${made}-${crypto.randomUUID()}`,
    customer: name,
    processedAt: at + lagMs,
  };
  return { at, order };
}

/** Orders in both places, once archived: those older than 30 days leave, some of them stored late. */
async function seedBoth(): Promise<Past[]> {
  const pasts = [
    ...Array.from({ length: 13 }, (_, n) => stored(40 * DAY - n * 3_600_000)),
    ...Array.from({ length: 6 }, (_, n) => stored(35 * DAY - n * 1000, (n % 3) * 8 * DAY)),
    ...Array.from({ length: 12 }, (_, n) => stored(20 * DAY - n * 2 * 3_600_000)),
  ];
  // Open tasks of long ago stay, and so does nothing of theirs.
  await seedPast([...pasts, { at: Date.now() - 38 * DAY, status: "PENDING" }]);
  return pasts;
}

const unmarked = (order: Pedido) => ({ ...order, archived: null });
const path = (query: Record<string, string>) =>
  `/api/pedidos?${new URLSearchParams({ limit: "4", ...query }).toString()}`;

async function everyPage(query: Record<string, string>): Promise<Pedido[]> {
  const pages = await pagesFrom<Pedido>(path(query), "next");
  return pages.flatMap(({ results }) => results);
}

describe("an archived order", () => {
  it("is answered as it was, but for the mark", async () => {
    const past = stored(40 * DAY);
    await seedPast([past]);
    const before = await (await pedido(past.order.id)).json<Pedido>();
    expect(before["archived"]).toBe(false);
    await archiveNow(testing);
    expect(await env.DB.prepare("SELECT 1 FROM orders").first()).toBeNull();
    const after = await (await pedido(past.order.id)).json<Pedido>();
    expect(after).toEqual({ ...before, archived: true });
  });

  it("is found by its id in either form of Unicode", async () => {
    const past = stored(40 * DAY);
    past.order.id = `caf\u00e9-${past.order.id}`;
    await seedPast([past]);
    await archiveNow(testing);
    const found = await (await pedido(past.order.id.normalize("NFD"))).json<Pedido>();
    expect(found.id_pedido_original).toBe(past.order.id);
  });

  it("that was deleted is not shown, whether before it was archived or after", async () => {
    const [before, after] = [stored(40 * DAY), stored(40 * DAY - 1000)];
    await seedPast([before, after]);
    await deleteOrder(testing, before.order.id, { by: "user:x", reason: "test" });
    await archiveNow(testing);
    await env.DB.prepare("INSERT INTO deleted_orders VALUES (?, 'task', 1, 'user:x', 'test')")
      .bind(after.order.id)
      .run();
    for (const { order } of [before, after]) {
      await expectProblem(await pedido(order.id), 404, "order_not_found");
      expect(await everyPage({ search: order.id })).toEqual([]);
    }
    expect(await everyPage({})).toEqual([]);
  });

  it.each(["nobody", "..", "%00", "x".repeat(500), "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"])(
    "is none by the id %j",
    async (id) => {
      await seedBoth();
      await archiveNow(testing);
      const response = await call(`/api/pedidos/${encodeURIComponent(id)}`, {
        key: await masterKey(),
      });
      expect(response.status).toBe(404);
    },
  );

  it("cannot be told of without the registry, which is a 503 that says when to try again", async () => {
    const [old, young] = [stored(40 * DAY), stored(DAY)];
    await seedPast([old, young]);
    const away = { ORDER_REGISTRY: { idFromName: failing, getByName: failing, get: failing } };
    const get = async (id: string) =>
      call(`/api/pedidos/${id}`, { key: await masterKey(), env: away });
    // What is in D1, or was never anywhere, needs no registry while nothing is archived.
    expect((await get(old.order.id)).status).toBe(200);
    expect((await get("nobody")).status).toBe(404);
    await archiveNow(testing);
    expect((await get(young.order.id)).status).toBe(200);
    const response = await get(old.order.id);
    await expectProblem(response.clone(), 503, "registry_unavailable");
    expect(response.headers.get("retry-after")).toBe("5");
    // The list walks to it.
    const search = await call(path({ search: old.order.id }), {
      key: await masterKey(),
      env: away,
    });
    const { results } = await search.json<{ results: Pedido[] }>();
    expect(results.map((order) => order.id_pedido_original)).toEqual([old.order.id]);
  });

  it("whose copy is damaged is a 410, and named in lists, which show the others", async () => {
    const pasts = [stored(40 * DAY), stored(35 * DAY)];
    await seedPast(pasts);
    await archiveNow(testing);
    const [generation] = await allGenerations(env.DB, "tasks");
    const key = generation ?? expect.fail();
    const bytes = await (await env.FILES.get(recordsKey(key)))?.bytes();
    const flipped = bytes ?? new Uint8Array();
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    await env.FILES.put(recordsKey(key), flipped);
    const { members } = await readIndex(env.FILES, key);
    const damaged = {
      day: key.day,
      generation: 1,
      first_id: members[0]?.first_id,
      last_id: members[0]?.last_id,
    };
    const [lost, kept] = pasts.map(({ order }) => order.id);
    const problem = await expectProblem(await pedido(lost), 410, "archive_damaged");
    expect(problem).toMatchObject(damaged);
    for (const query of [path({}), path({ search: lost ?? "" })]) {
      const page = await list<Pedido>(query);
      expect(page).toMatchObject({ damaged: [damaged] });
    }
    const page = await list<Pedido>(path({}));
    expect(page.results.map((order) => order.id_pedido_original)).toEqual([kept]);
    await env.FILES.delete(indexKey(key));
    await clearArchive(); // what is damaged cannot be counted again
    await clearTasks();
  });
});

const failing = () => {
  throw new Error("The registry is away");
};

describe("a list of orders", () => {
  const day = (ago: number) => new Date(Date.now() - ago * DAY).toISOString();

  it.each<[string, () => Record<string, string>]>([
    ["without a filter", () => ({})],
    ["of a customer", () => ({ cliente: "NUNEZ hermanos" })],
    ["of a customer of one of whose words there are others", () => ({ cliente: "acme corp" })],
    ["of nobody", () => ({ cliente: "Nobody" })],
    ["from a day on", () => ({ desde: day(36) })],
    ["up to a day", () => ({ hasta: day(25) })],
    ["of some days in both places", () => ({ desde: day(39), hasta: day(20) })],
    ["of a range of years", () => ({ desde: "2001-01-01", hasta: "2098-01-01" })],
    ["of years ago", () => ({ hasta: "2012-01-01" })],
    ["by words of customers", () => ({ search: "corp acme" })],
    ["by a word with another accent", () => ({ search: "ÜBERSEE" })],
    ["by words and days", () => ({ search: "nunez", desde: day(39), hasta: day(19) })],
    ["by words and a customer", () => ({ search: "nunez", cliente: "Acme Núñez Corp" })],
  ])("%s is the same before and after archiving, forwards and back", async (_name, query) => {
    await seedBoth();
    const asked = query();
    const before = await everyPage(asked);
    await archiveNow(testing);
    const pages = await pagesFrom<Pedido>(path(asked), "next");
    const after = pages.flatMap(({ results }) => results);
    expect(after.map(unmarked)).toEqual(before.map(unmarked));
    const back = await pagesFrom<Pedido>(pages.at(-1)?.previous ?? path(asked), "previous");
    const seen = back.toReversed().flatMap(({ results }) => results);
    if (pages.length > 1) {
      const last = pages.at(-1)?.results.length ?? 0;
      expect(seen).toEqual(after.slice(0, after.length - last));
    }
  });

  it("has orders of both places, those archived marked", async () => {
    const pasts = await seedBoth();
    await archiveNow(testing);
    const orders = await everyPage({});
    expect(orders).toHaveLength(pasts.length);
    expect(orders.filter((order) => order["archived"])).toHaveLength(19);
  });

  it("says that there may be more than it has counted", async () => {
    await seedBoth();
    await archiveNow(testing);
    const page = await list<Pedido>(path({}));
    expect(page.count_capped).toBe(true);
    const recent = await list<Pedido>(path({ desde: day(20.5), limit: "200" }));
    expect(recent.count_capped).toBeUndefined();
  });

  it("finds an archived order by its id, and it alone", async () => {
    const pasts = await seedBoth();
    await archiveNow(testing);
    const id = pasts[3]?.order?.id ?? "";
    expect((await everyPage({ search: id })).map((each) => each.id_pedido_original)).toEqual([id]);
    expect(await everyPage({ search: id, hasta: day(41) })).toEqual([]);
    expect(await everyPage({ search: id, cliente: "Nobody" })).toEqual([]);
  });

  it("finds archived ones by all of the words, whole and in any order, and by no part of one", async () => {
    await seedPast([stored(40 * DAY, 10, "Acme Núñez Corp"), stored(40 * DAY, 10, "Acme Corp")]);
    await archiveNow(testing);
    const found = async (search: string) =>
      (await everyPage({ search })).map(({ cliente }) => cliente);
    expect(await found("nunez ACME")).toEqual(["Acme Núñez Corp"]);
    expect(await found("nun")).toEqual([]);
    expect(await found("acme other")).toEqual([]);
  });

  it("shows each once where words are looked for behind those that begin so", async () => {
    const now = Date.now();
    await seedOrders(
      Array.from({ length: 1100 }, (_, n) => ({
        id: `many-${n}`,
        customer: n % 50 === 0 ? "Gran Acme" : n % 70 === 1 ? "Acme Sur" : "Otra",
        processedAt: now - 20 * DAY - n * 60_000,
      })),
    );
    const pasts = [
      stored(40 * DAY, 10, "Acme Sur"),
      stored(40 * DAY, 20 * DAY - 3_600_000, "Gran Acme"),
      stored(40 * DAY, 20 * DAY - 1_020 * 60_000 - 7, "Gran Acme"),
      stored(40 * DAY, 25 * DAY, "Acme Norte"),
    ];
    await seedPast(pasts);
    const before = await everyPage({ search: "acme" });
    await archiveNow(testing);
    const after = await everyPage({ search: "acme" });
    const idsOf = (orders: Pedido[]) => orders.map((order) => String(order.id_pedido_original));
    expect(idsOf(after).toSorted()).toEqual(idsOf(before).toSorted());
    expect(new Set(idsOf(after)).size).toBe(after.length);
    expect(after.length).toBe(22 + 16 + 4);
  });

  it("refuses days that are none", async () => {
    const key = await masterKey();
    for (const name of ["desde", "hasta"]) {
      await expectBadParameter(await call(path({ [name]: "2026-02-30" }), { key }), name);
    }
    await expectBadParameter(await call(path({ cursor: "nonsense" }), { key }), "cursor");
  });
});
