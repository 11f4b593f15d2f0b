import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { getOrder } from "../../../src/orders/order/queries";
import { CATALOGUE_URL, product, stubCatalogue } from "../../support/catalogue";
import { deliver, passTime, passWaits, storeOrders, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";

const MINUTE = 60_000;

afterEach(() => {
  vi.restoreAllMocks();
});

const remote = (overrides = {}) => testEnv({ CATALOGUE_URL, ...overrides });

async function processOne(order: unknown, testedEnv = testEnv()) {
  const ids = await storeOrders(testedEnv, [order]);
  const delivery = await deliver(ids, testedEnv);
  return { id: ids[0], delivery, task: await taskOf(ids[0]) };
}

describe("a good order", () => {
  it("is stored with its lines, sums and hash, linked to its one task", async () => {
    const order = anOrder({
      productos: [
        { sku: "P004", cantidad: 3 },
        { sku: "X-20", cantidad: 1 },
        { sku: "P005", cantidad: 1 },
      ],
    });
    const { id, task, delivery } = await processOne(order);
    expect(task.status).toBe("SUCCESS");
    expect(delivery.acked).toEqual([id]);
    const stored = await getOrder(env.DB, String(order["id"]));
    // The order costs 3 x 15.99 + 12.99 + 695.00 = 755.96. The discount is 10 % of it, 75.596, which is
    // rounded half up to 75.60.
    expect(stored).toMatchObject({
      task_id: id,
      customer: "ACME Corp",
      currency: "USD",
      subtotal: 75_596,
      discount: 7_560,
      total: 68_036,
    });
    expect(stored?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.parse(stored?.lines ?? "")).toHaveLength(3);
  });

  it("has a timeline with the end of each stage", async () => {
    const { task } = await processOne(anOrder());
    const events = (JSON.parse(task.timeline ?? "[]") as { event: string }[]).map((e) => e.event);
    expect(events).toEqual(["started", "validate", "enrich", "price", "persist"]);
  });
});

describe("a bad order fails for itself, with code, stage and field", () => {
  const lines = (count: number) =>
    Array.from({ length: count }, () => ({ sku: "P1", cantidad: 1 }));
  it.each([
    ["a number for an order", 42, "invalid_order", ""],
    ["no id", anOrder({ id: undefined }), "invalid_id", "id"],
    ["id 1e400", anOrder({ id: Infinity }), "invalid_id", "id"],
    ["a fractional id", anOrder({ id: 1.5 }), "invalid_id", "id"],
    ["id 0", anOrder({ id: 0 }), "invalid_id", "id"],
    ["an id of 65 characters", anOrder({ id: "x".repeat(65) }), "invalid_id", "id"],
    ["an id with a space", anOrder({ id: "a b" }), "invalid_id", "id"],
    ["an id with a null character", anOrder({ id: "a\u0000b" }), "invalid_id", "id"],
    ["no customer", anOrder({ cliente: undefined }), "invalid_customer", "cliente"],
    ["a blank customer", anOrder({ cliente: "  " }), "invalid_customer", "cliente"],
    [
      "256 characters of customer",
      anOrder({ cliente: "x".repeat(256) }),
      "invalid_customer",
      "cliente",
    ],
    ["no products", anOrder({ productos: [] }), "empty_order", "productos"],
    ["products of a wrong type", anOrder({ productos: "P001" }), "empty_order", "productos"],
    ["201 lines", anOrder({ productos: lines(201) }), "too_many_lines", "productos"],
    ["a line that is null", anOrder({ productos: [null] }), "invalid_line", "productos[0]"],
    [
      "a numeric SKU",
      anOrder({ productos: [{ sku: 1, cantidad: 1 }] }),
      "invalid_sku",
      "productos[0].sku",
    ],
    [
      "quantity -1",
      anOrder({ productos: [{ sku: "P1", cantidad: -1 }] }),
      "invalid_quantity",
      "productos[0].cantidad",
    ],
    [
      "quantity 0",
      anOrder({ productos: [{ sku: "P1", cantidad: 0 }] }),
      "invalid_quantity",
      "productos[0].cantidad",
    ],
    [
      "quantity 1.5",
      anOrder({ productos: [{ sku: "P1", cantidad: 1.5 }] }),
      "invalid_quantity",
      "productos[0].cantidad",
    ],
    [
      "quantity 10,001",
      anOrder({ productos: [{ sku: "P1", cantidad: 10_001 }] }),
      "invalid_quantity",
      "productos[0].cantidad",
    ],
    [
      'quantity "2"',
      anOrder({ productos: [{ sku: "P1", cantidad: "2" }] }),
      "invalid_quantity",
      "productos[0].cantidad",
    ],
  ])("%s", async (_name, order, code, field) => {
    const { task, delivery, id } = await processOne(order);
    expect(task).toMatchObject({ status: "FAILURE", error_code: code });
    expect(JSON.parse(task.error_detail ?? "")).toEqual({ stage: "validate", field });
    expect(delivery.acked).toEqual([id]);
  });

  it.each(["P999", "INVALID_SKU", "P000"])("an unknown SKU beside a known one: %s", async (sku) => {
    const productos = [
      { sku: "P001", cantidad: 1 },
      { sku, cantidad: 1 },
    ];
    const { task } = await processOne(anOrder({ productos }));
    expect(task).toMatchObject({ status: "FAILURE", error_code: "unknown_sku" });
    expect(JSON.parse(task.error_detail ?? "")).toEqual({ stage: "enrich", sku });
    expect(task.error_message).toContain(sku);
  });

  it("takes ids such as ../x and <script> as the texts they are", async () => {
    for (const id of ["../x", "<script>alert(1)</script>", "漢字"]) {
      const { task } = await processOne(anOrder({ id }));
      expect(task.status).toBe("SUCCESS");
      expect(await getOrder(env.DB, id)).toMatchObject({ id });
    }
  });
});

describe("the catalogue", () => {
  it("is asked once per product and batch, over a real fetch", async () => {
    const asked = stubCatalogue();
    const tested = remote({ CATALOGUE_TTL_SECONDS: "0" });
    const orders = Array.from({ length: 20 }, () =>
      anOrder({
        productos: [
          { sku: "P004", cantidad: 1 },
          { sku: "4", cantidad: 1 },
        ],
      }),
    );
    await deliver(await storeOrders(tested, orders), tested);
    expect(asked).toEqual(["4"]);
  });

  it("is asked again once its answer is older than the cache time", async () => {
    const asked = stubCatalogue();
    const tested = remote({ CATALOGUE_TTL_SECONDS: "60" });
    await processOne(anOrder(), tested);
    await processOne(anOrder(), tested);
    expect(asked).toEqual(["1"]);
    const later = Date.now() + 60_001;
    vi.spyOn(Date, "now").mockImplementation(() => later);
    await processOne(anOrder(), tested);
    expect(asked).toEqual(["1", "1"]);
  });

  it("has at most six calls at a time", async () => {
    let now = 0;
    let most = 0;
    stubCatalogue(async (id) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      return product(id);
    });
    const productos = Array.from({ length: 40 }, (_, i) => ({ sku: `P${i + 1}`, cantidad: 1 }));
    const { task } = await processOne(anOrder({ productos }), remote());
    expect(task.status).toBe("SUCCESS");
    expect(most).toBe(6);
  });

  it.each([
    ["404", () => new Response("no", { status: 404 })],
    ["410", () => Response.json({ error: "gone" }, { status: 410 })],
    ["404 with a page of its own", () => new Response("<h1>No such product</h1>", { status: 404 })],
    ["404 with an endless page", () => new Response("x".repeat(100_000), { status: 404 })],
    ["200 with an empty body", () => new Response("")],
    ["200 with null", () => new Response("null")],
  ])("says a product is unknown by %s", async (_name, answer) => {
    stubCatalogue(answer);
    const { task } = await processOne(anOrder(), remote());
    expect(task).toMatchObject({ status: "FAILURE", error_code: "unknown_sku" });
  });

  it.each<[string, () => Response | Promise<Response>]>([
    ["500", () => new Response("no", { status: 500 })],
    ["429", () => new Response("slow down", { status: 429 })],
    [
      "a redirect",
      () => new Response(null, { status: 302, headers: { location: "http://x.test" } }),
    ],
    ["a challenge", () => new Response("<html>", { status: 403 })],
    ["404 of a Worker not reached", () => new Response("error code: 1042", { status: 404 })],
    [
      "the same as JSON",
      () => Response.json({ cloudflare_error: true, error_code: 1042 }, { status: 404 }),
    ],
    ["409 of a host not found", () => new Response("error code: 1018", { status: 409 })],
    ["404 cut short", () => new Response(cutShort(), { status: 404 })],
    ["no JSON", () => new Response("<html>")],
    ["another product", () => product("77")],
    ["a negative price", () => product("1", -1)],
    ["a price that is text", () => product("1", "10")],
    ["a price out of all reason", () => product("1", 1e8)],
    ["no title", () => Response.json({ id: 1, price: 1 })],
    ["a body of 100 KB", () => new Response(`"${"x".repeat(100_000)}"`)],
    ["a network error", () => Promise.reject(new TypeError("network"))],
  ])("%s is transient: the order waits and then succeeds", async (_name, answer) => {
    let healed = false;
    stubCatalogue((id) => (healed ? product(id) : answer()));
    const tested = remote();
    const { id, task, delivery } = await processOne(anOrder(), tested);
    expect(task.status).toBe("RETRY");
    expect(delivery.retried).toEqual([id]);
    healed = true;
    passTime(MINUTE);
    await deliver([task.id], tested);
    expect((await taskOf(id)).status).toBe("SUCCESS");
  });

  it("that is a Worker which Cloudflare does not reach costs no attempt, and the reason is told", async () => {
    stubCatalogue(() => new Response("error code: 1042", { status: 404 }));
    const { task } = await processOne(anOrder(), remote());
    expect(task).toMatchObject({ attempts: 0, error_code: "catalogue_waiting" });
    expect(task.error_message).toContain("it answered 404, Cloudflare's error 1042");
  });

  it("may be a Worker of the same account", () => {
    expect(Cloudflare.compatibilityFlags).toMatchObject({ global_fetch_strictly_public: true });
  });

  it("that does not answer in time is transient", async () => {
    stubCatalogue(() => new Promise(() => {}));
    vi.spyOn(globalThis, "fetch").mockImplementation(
      (_input, init) =>
        new Promise((_resolve, reject) => {
          const signal = init?.signal;
          signal?.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    );
    const { task } = await processOne(anOrder(), remote({ CATALOGUE_TIMEOUT_MS: "50" }));
    expect(task).toMatchObject({ status: "RETRY", error_code: "catalogue_waiting" });
    expect(task.error_message).toContain("did not answer in time");
  });

  it("failing for one product while it answers for others uses up that order's attempts", async () => {
    stubCatalogue((id) => (id === "2" ? new Response("no", { status: 500 }) : product(id)));
    const tested = remote({ CATALOGUE_TTL_SECONDS: "0" });
    const bad = anOrder({ productos: [{ sku: "P002", cantidad: 1 }] });
    const ids = await storeOrders(tested, [bad, anOrder()]);
    await deliver(ids, tested);
    expect((await taskOf(ids[1])).status).toBe("SUCCESS");
    for (const attempts of [1, 2]) {
      expect(await taskOf(ids[0])).toMatchObject({ status: "RETRY", attempts });
      passTime(MINUTE);
      const [other] = await storeOrders(tested, [anOrder()]);
      await deliver([ids[0] ?? "", other ?? ""], tested);
    }
    expect(await taskOf(ids[0])).toMatchObject({
      status: "FAILURE",
      attempts: 3,
      error_code: "catalogue_failed",
    });
  });

  it("being down defers orders without an attempt, and stops being called", async () => {
    const asked = stubCatalogue(() => new Response("no", { status: 503 }));
    const tested = remote();
    const orders = Array.from({ length: 30 }, (_, i) =>
      anOrder({ productos: [{ sku: `P${i + 1}`, cantidad: 1 }] }),
    );
    const ids = await storeOrders(tested, orders);
    for (let round = 0; round < 5; round++) {
      await passWaits(ids);
      await deliver(ids, tested);
    }
    for (const id of ids) {
      expect(await taskOf(id)).toMatchObject({
        status: "RETRY",
        attempts: 0,
        error_code: "catalogue_waiting",
      });
    }
    // Five calls open the breaker, and up to six were under way.
    expect(asked.length).toBeLessThanOrEqual(11);
  });

  it("being down for longer than an order's greatest age fails the order", async () => {
    stubCatalogue(() => new Response("no", { status: 503 }));
    const tested = remote({ ORDER_MAX_AGE_HOURS: "1" });
    const { id } = await processOne(anOrder(), tested);
    const later = Date.now() + 3_600_001;
    vi.spyOn(Date, "now").mockImplementation(() => later);
    await deliver([id ?? ""], tested);
    expect(await taskOf(id)).toMatchObject({
      status: "FAILURE",
      error_code: "catalogue_unavailable",
    });
  });
});

function cutShort(): ReadableStream {
  return new ReadableStream({
    pull: (controller) => controller.error(new TypeError("connection lost")),
  });
}
