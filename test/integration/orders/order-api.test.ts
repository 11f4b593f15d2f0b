import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import {
  call,
  expectBadParameter,
  expectProblem,
  list,
  masterKey,
  pagesFrom,
} from "../../support/api";
import { outcomesOf, type Pedido, pedido, processAll, send } from "../../support/api-orders";
import { seedOrders } from "../../support/api-rows";
import { anOrder } from "../../support/orders";

const FIELDS = [
  "id_pedido_original",
  "hash_pedido",
  "cliente",
  "detalle_completo",
  "subtotal",
  "descuento",
  "total_final",
  "moneda",
  "fecha_procesado",
  "task_id",
  "archived",
];
const idsOf = (orders: Pedido[]) => orders.map((order) => order.id_pedido_original);

async function get(path: string): Promise<Response> {
  return call(path, { key: await masterKey() });
}

describe("a processed order", () => {
  const productos = [
    { sku: "P004", cantidad: 3 },
    { sku: "X-20", cantidad: 1 },
    { sku: "P005", cantidad: 1 },
  ];

  it("has the fields of the order API, its money as decimals with two places", async () => {
    const from = Date.now();
    const order = anOrder({ cliente: "Wayne Enterprises", productos });
    const [task] = await processAll([order]);
    const response = await pedido(order["id"]);
    expect(response.status).toBe(200);
    const stored = await response.json<Pedido>();
    expect(Object.keys(stored).toSorted()).toEqual(FIELDS.toSorted());
    // The order costs 3 x 15.99 + 12.99 + 695.00 = 755.96. The discount is 10 % of it, 75.596, which is
    // rounded half up to 75.60.
    expect(stored).toEqual({
      id_pedido_original: order["id"],
      hash_pedido: expect.stringMatching(/^[0-9a-f]{64}$/),
      cliente: "Wayne Enterprises",
      detalle_completo: [
        { sku: "P004", cantidad: 3, title: "Camisa informal", precio_unitario_api: "15.99" },
        { sku: "X-20", cantidad: 1, title: "Camiseta de algodón", precio_unitario_api: "12.99" },
        { sku: "P005", cantidad: 1, title: "Pulsera de plata", precio_unitario_api: "695.00" },
      ],
      subtotal: "755.96",
      descuento: "75.60",
      total_final: "680.36",
      moneda: "USD",
      fecha_procesado: expect.any(String),
      task_id: task?.task_id,
      archived: false,
    });
    const at = String(stored["fecha_procesado"]);
    expect(new Date(at).toISOString()).toBe(at);
    expect(Date.parse(at)).toBeGreaterThanOrEqual(from);
    const { results } = await list<Pedido>("/api/pedidos?cliente=Wayne%20Enterprises");
    expect(results).toEqual([stored]);
  });

  it.each<[string, number, Record<string, string>]>([
    ["cents alone", 1, { subtotal: "9.99", descuento: "0.00", total_final: "9.99" }],
    [
      "no discount up to the threshold",
      50,
      { subtotal: "499.50", descuento: "0.00", total_final: "499.50" },
    ],
    ["a discount above it", 51, { subtotal: "509.49", descuento: "50.95", total_final: "458.54" }],
    ["large sums", 10_000, { subtotal: "99900.00", descuento: "9990.00", total_final: "89910.00" }],
  ])("says %s", async (_name, cantidad, money) => {
    const order = anOrder({ productos: [{ sku: "P007", cantidad }] });
    await processAll([order]);
    expect(await (await pedido(order["id"])).json()).toMatchObject(money);
  });

  it("is found by its number however it was sent, and shows as a number", async () => {
    const id = 42_000_001;
    await processAll([anOrder({ id: String(id) })]);
    for (const path of [`/api/pedidos/${id}`, `/api/pedidos/${id}/`]) {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect((await response.json<Pedido>()).id_pedido_original).toBe(id);
    }
  });

  it("keeps as text an id that only looks like a number", async () => {
    const ids = ["042", "4.0", "9007199254740993", "1e3"];
    await processAll(ids.map((id) => anOrder({ id })));
    for (const id of ids) {
      expect((await (await pedido(id)).json<Pedido>()).id_pedido_original).toBe(id);
    }
    await expectProblem(await pedido("42"), 404, "order_not_found");
  });

  it("finds an order stored under an id that would be refused today", async () => {
    const id = "\u3164\ufe0f";
    await seedOrders([{ id, processedAt: 1000 }]);
    const found = await pedido(id);
    expect(await found.json()).toMatchObject({ id_pedido_original: id });
    await env.DB.prepare("DELETE FROM orders WHERE id = ?").bind(id).run();
  });

  it.each(["a/b", "/", "a/", "//x", "%2F", "a%b", "a?b=c", "a#b", "ñ漢😀", "a&b"])(
    "is found by the id %j, percent-encoded",
    async (id) => {
      const { lote } = await send(JSON.stringify(anOrder({ id })));
      expect((await outcomesOf(lote, 1))[0]?.status).toBe("SUCCESS");
      const response = await pedido(id);
      const text = await response.text();
      expect(response.status, text).toBe(200);
      expect((JSON.parse(text) as Pedido).id_pedido_original).toBe(id);
    },
  );

  it.each([".", ".."])(
    "is refused, or else found, by the id %j, which URLs swallow",
    async (id) => {
      const [task] = await processAll([anOrder({ id })]);
      const stored = await (await pedido(id)).json<Partial<Pedido>>();
      expect(task?.error_code ?? stored.id_pedido_original).toBe(
        task?.error_code ? "invalid_id" : id,
      );
    },
  );

  it.each([
    "no-such",
    "1",
    "0",
    "-1",
    "1.5",
    "9007199254740995",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "%00",
    "a%00b",
    "a%20b",
    "%20",
    "%0d%0ax-header:1",
    "%E0%A4%A",
    "%ff%fe",
    "%",
    "%ED%A0%80",
    "'%20OR%201=1%20--",
    "..%2f..%2fetc%2fpasswd",
    "__proto__",
    "x".repeat(65),
    "x".repeat(8000),
    "42/extra",
  ])("is not found: %s", async (id) => {
    const response = await get(`/api/pedidos/${id}`);
    const code = id === "42/extra" ? "not_found" : "order_not_found";
    await expectProblem(response, 404, code);
  });
});

/** These 25 orders share their moments by fours, and every fifth is of another customer. */
const T0 = Date.parse("2020-02-01T12:00:00Z");
const seeds = Array.from({ length: 25 }, (_, index) => ({
  id: `seed-${String(index).padStart(2, "0")}`,
  customer: index % 5 === 4 ? "Otro & Cía" : "Paginado",
  processedAt: T0 + Math.floor(index / 4) * 1000,
}));
const newestFirst = seeds.toSorted(
  (a, b) => b.processedAt - a.processedAt || (a.id < b.id ? 1 : -1),
);
const until = "hasta=2020-03-01T00:00:00Z";

describe("the list", () => {
  beforeAll(() => seedOrders(seeds));

  it.each(["/api/pedidos", "/api/pedidos/"])("%s is an envelope, newest first", async (path) => {
    const page = await list<Pedido>(`${path}?${until}`);
    expect(Object.keys(page).toSorted()).toEqual(["count", "next", "previous", "results"]);
    expect(page).toMatchObject({ count: 25, next: null, previous: null });
    expect(idsOf(page.results)).toEqual(newestFirst.map(({ id }) => id));
    expect(Object.keys(page.results[0] ?? {}).toSorted()).toEqual(FIELDS.toSorted());
  });

  it.each([1, 7, 12, 24, 25, 26, 200])(
    "visits each once, forwards and back, by %i",
    async (limit) => {
      const forwards = await pagesFrom<Pedido>(`/api/pedidos?${until}&limit=${limit}`, "next");
      const expected = newestFirst.map(({ id }) => id);
      expect(forwards.flatMap(({ results }) => idsOf(results))).toEqual(expected);
      expect(forwards.map(({ results }) => results.length)).toEqual(
        Array.from({ length: Math.ceil(25 / limit) }, (_, page) =>
          Math.min(limit, 25 - page * limit),
        ),
      );
      expect(forwards.every(({ count }) => count === 25)).toBe(true);
      expect(forwards[0]?.previous).toBeNull();
      const last = forwards.at(-1);
      if (!last?.previous) {
        expect(forwards).toHaveLength(1);
        return;
      }
      const back = await pagesFrom<Pedido>(last.previous, "previous");
      const seen = [...back.toReversed(), last].flatMap(({ results }) => idsOf(results));
      expect(seen).toEqual(expected);
      for (const page of back) {
        expect(page.results.length).toBeLessThanOrEqual(limit);
        expect(page.next).not.toBeNull();
      }
      // A turn on the way shows the page that one came from.
      const turned = await list<Pedido>(back[0]?.next ?? "");
      expect(idsOf(turned.results)).toEqual(idsOf(last.results));
    },
  );

  it("keeps filter and limit in its links, which are absolute", async () => {
    const page = await list<Pedido>(`/api/pedidos?cliente=Otro%20%26%20C%C3%ADa&limit=2&${until}`);
    expect(page.count).toBe(5);
    const link = new URL(page.next ?? "");
    expect(link.origin).toBe("https://pedidos.example");
    expect(link.searchParams.get("cliente")).toBe("Otro & Cía");
    expect(link.searchParams.get("limit")).toBe("2");
    const pages = await pagesFrom<Pedido>(link.href, "next");
    const seen = [page, ...pages].flatMap(({ results }) => results);
    expect(seen.map(({ cliente }) => cliente)).toEqual(
      Array.from({ length: 5 }, () => "Otro & Cía"),
    );
    expect(new Set(idsOf(seen)).size).toBe(5);
  });

  it("does not lose or repeat an order when new ones arrive between pages", async () => {
    const filter = "cliente=Llegadas&limit=2";
    const at = T0 - 86_400_000;
    const arrive = (ids: string[], later: number) =>
      seedOrders(ids.map((id) => ({ id, customer: "Llegadas", processedAt: at + later })));
    await arrive(["l1", "l2", "l3", "l4"], 0);
    const first = await list<Pedido>(`/api/pedidos?${filter}`);
    await arrive(["l0", "l5", "l9"], 1000);
    const second = await list<Pedido>(first.next ?? "");
    expect([...idsOf(first.results), ...idsOf(second.results)]).toEqual(["l4", "l3", "l2", "l1"]);
    expect(second.next).toBeNull();
  });

  it.each<[string, number]>([
    ["cliente=Paginado", 20],
    ["cliente=Pagina", 0],
    ["cliente=%25", 0],
    ["cliente='%20OR%20'1'='1", 0],
    ["cliente=%3Cscript%3E", 0],
    ["desde=2020-02-01T12:00:00Z&hasta=2020-02-01T12:00:01Z", 4],
    ["desde=2020-02-01T12:00:00.001Z&hasta=2020-02-01T12:00:01.001Z", 4],
    ["desde=2020-02-01T13:00:00%2B01:00&hasta=2020-02-01T13:00:01%2B01:00", 4],
    ["desde=2020-02-01T12:00:06Z&hasta=2020-03-01", 1],
    ["desde=2020-02-01T12:00:06.001Z&hasta=2020-03-01", 0],
    ["desde=2020-02-01&hasta=2020-02-02", 25],
    ["desde=2020-02-02&hasta=2020-02-01", 0],
    ["cliente=Paginado&desde=2020-02-01T12:00:05Z&hasta=2020-02-02", 4],
  ])("filtered by %s has %i", async (filter, count) => {
    const page = await list<Pedido>(`/api/pedidos?${filter}&limit=100`);
    expect(page.count).toBe(count);
    expect(page.results).toHaveLength(count);
    const walked = await pagesFrom<Pedido>(`/api/pedidos?${filter}&limit=3`, "next");
    expect(walked.flatMap(({ results }) => idsOf(results))).toEqual(idsOf(page.results));
  });

  it.each([
    ["desde", "ayer"],
    ["desde", ""],
    ["hasta", "2026-13-01"],
    ["hasta", "2026-01-01T25:00:00Z"],
    ["desde", "2026-02-30"],
    ["hasta", "pedido-7"],
    ["desde", "7"],
    ["hasta", "12/31/2026"],
    ["desde", "99999999999999999999"],
    ["cliente", ""],
    ["cliente", "x".repeat(256)],
    ["limit", "0"],
    ["limit", "-1"],
    ["limit", "201"],
    ["limit", "1.5"],
    ["limit", "x"],
    ["limit", ""],
    ["limit", "1e999"],
    ["cursor", "x"],
    ["cursor", "!!!"],
    ["cursor", "%00"],
    ["cursor", "漢字"],
    ["cursor", "x".repeat(401)],
    ["cursor", btoa("null")],
    ["cursor", btoa("{}")],
    ["cursor", btoa('["next"]')],
    ["cursor", btoa('["sideways",1,"a"]')],
    ["cursor", btoa('["next","a","b"]')],
    ["cursor", btoa('["next",1,2]')],
    ["cursor", btoa('["next",1.5,"a"]')],
    ["cursor", btoa('["next",null,"a"]')],
    ["cursor", btoa('["next",[1],"a"]')],
    ["cursor", btoa('["next",5,0,"a","b"]')],
    ["cursor", btoa('["next",5,0,1,2]')],
  ])("refuses %s=%s, naming it", async (name, value) => {
    await expectBadParameter(await get(`/api/pedidos?${name}=${encodeURIComponent(value)}`), name);
  });

  it("refuses a parameter given twice", async () => {
    await expectBadParameter(await get("/api/pedidos?limit=1&limit=2"), "limit");
    await expectBadParameter(await get("/api/pedidos?cliente=A&cliente=B"), "cliente");
  });

  it("refuses a cursor of the list of tasks", async () => {
    await processAll([anOrder(), anOrder()]);
    const tasks = await list("/api/tasks/executions/?limit=1");
    const cursor = new URL(tasks.next ?? "").searchParams.get("cursor") ?? "";
    expect(cursor).not.toBe("");
    await expectBadParameter(await get(`/api/pedidos?cursor=${cursor}`), "cursor");
  });

  it("finds a customer of many orders among all, each order once, by how the name begins", async () => {
    const many = Array.from({ length: 700 }, (_, index) => ({
      id: `often-${index}`,
      customer: index % 7 === 0 ? "Selten GmbH" : "Häufig AG",
      processedAt: T0 - 20_000_000_000 + index,
    }));
    await seedOrders(many);
    const found = await list<Pedido>("/api/pedidos?search=H%C3%A4u&limit=3");
    expect(found).toMatchObject({ count: 500, count_capped: true });
    const walked = await pagesFrom<Pedido>("/api/pedidos?search=H%C3%A4u&limit=90", "next");
    const ids = walked.flatMap(({ results }) => idsOf(results));
    expect(ids).toHaveLength(600);
    expect(new Set(ids).size).toBe(600);
    const few = await list<Pedido>("/api/pedidos?search=selten&limit=3");
    expect(few).toMatchObject({ count: 100 });
  });

  it("counts up to a thousand and says that there are more", async () => {
    const many = Array.from({ length: 1001 }, (_, index) => ({
      id: `many-${index}`,
      customer: "Muchos",
      processedAt: T0 - 10_000_000_000 + index,
    }));
    await seedOrders(many.slice(0, 1000));
    const exact = await list<Pedido>("/api/pedidos?cliente=Muchos&limit=1");
    expect(exact.count).toBe(1000);
    expect(exact).not.toHaveProperty("count_capped");
    await seedOrders(many.slice(1000));
    const capped = await list<Pedido>("/api/pedidos?cliente=Muchos&limit=1");
    expect(capped).toMatchObject({ count: 1000, count_capped: true });
    const walked = await pagesFrom<Pedido>("/api/pedidos?cliente=Muchos&limit=200", "next");
    expect(new Set(walked.flatMap(({ results }) => idsOf(results))).size).toBe(1001);
  });
});
