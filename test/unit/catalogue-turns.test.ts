/** Every order ends, however many others want something too. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Asks, type Need } from "../../src/orders/catalogue/asks";
import { aNeed, DeskWorld, failing, good, hanging } from "../support/desk";

const MINUTE = 60_000;
/** What an order collects is good for it for this long. */
const KEPT_MS = 10 * MINUTE;
const ROOM = 5000;

vi.setConfig({ testTimeout: 30_000 }); // Minutes of the desk's time are many timers.

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const large = (n: number, overrides: Partial<Need> = {}) =>
  aNeed(
    upTo(200).map((i) => n * 1000 + i),
    overrides,
  );

/** Makes an order's need as it asks at this moment, having begun at `since`, with a TTL of 0. */
const asNow = (need: Need, since: number): Need => ({
  ...need,
  notBefore: Math.max(since, Date.now() - KEPT_MS),
});

/**
 * Looks up, again and again, until every order has all its products; returns the seconds it took.
 */
async function secondsToEnd(world: DeskWorld, orders: Need[]): Promise<number> {
  const began = Date.now();
  let open = orders;
  while (open.length > 0 && Date.now() - began < 60 * MINUTE) {
    const needs = open.map((need) => asNow(need, began));
    const { answers } = await world.lookup(...needs);
    open = needs.filter(
      ({ products, notBefore }) =>
        !products.every((id) => (answers.get(id)?.askedAt ?? 0) >= notBefore),
    );
    await vi.advanceTimersByTimeAsync(5000);
  }
  return (Date.now() - began) / 1000;
}

describe("orders of 200 lines that share no product", () => {
  it("all end, ten of them at three seconds a call", async () => {
    const world = new DeskWorld((id) => good(id, 3000));
    const seconds = await secondsToEnd(
      world,
      upTo(10).map((n) => large(n)),
    );
    expect(world.asked.length).toBe(2000);
    expect(seconds).toBeLessThan((2000 / 6) * 3 * 1.1);
  });

  it("have all they need before the first of it is forgotten, whatever comes beside them", () => {
    const asks = new Asks();
    const asked = new Map<string, number>();
    const orders = upTo(150).map((n) => large(n));
    for (const need of orders) {
      asks.keep(need, 0);
    }
    for (let call = 0; call < 62_000; call++) {
      asks.keep(aNeed([1_000_000 + call]), 0);
      const product = asks.next((id) => (asked.has(id) ? "settled" : "ask"), 0, ROOM);
      asked.set(product ?? "", call);
    }
    for (const { products } of orders) {
      const calls = products.map((id) => asked.get(id) ?? Infinity);
      expect(Math.max(...calls) - Math.min(...calls)).toBeLessThan(20_000);
    }
  });

  it("end beside a stream of small ones of the same sender", async () => {
    const world = new DeskWorld((id) => good(id, 100));
    const began = Date.now();
    const order = large(1);
    let small: Need[] = [];
    let next = 1_000_000;
    for (;;) {
      small.push(...upTo(1500 - small.length).map(() => aNeed([next++])));
      const { answers } = await world.lookup(asNow(order, began), ...small);
      if (order.products.every((id) => answers.has(id))) {
        break;
      }
      small = small.filter(({ products }) => !products.every((id) => answers.has(id)));
      expect(Date.now() - began).toBeLessThan(MINUTE);
    }
  });
});

describe("a sender of more than can be kept", () => {
  const flooded = () => {
    const asks = new Asks();
    for (const n of upTo(6000)) {
      asks.keep(n % 2 === 0 ? large(n) : aNeed([n]), 0);
    }
    return asks;
  };

  it("leaves room for others", () => {
    const asks = flooded();
    const { orders } = asks;
    asks.keep(aNeed([1, 2], { sender: "key:2" }), 0);
    asks.keep(large(9000, { sender: "key:2" }), 0);
    expect(asks.orders).toBe(orders + 2);
    expect(asks.products).toBeLessThan(200_000);
  });

  it("costs no more for each call than what has begun", () => {
    const asks = flooded();
    let judged = 0;
    asks.next(() => ((judged += 1), "later"), 0, ROOM);
    expect(judged).toBeGreaterThan(0);
    expect(judged).toBeLessThanOrEqual(ROOM);
  });
});

describe("slow products", () => {
  it("never have all places, though for a moment nobody else wants one", async () => {
    const world = new DeskWorld((id) => (Number(id) <= 12 ? hanging() : good(id)));
    await world.lookup(aNeed([50, 51, 52]));
    await world.lookup(...upTo(40).map((id) => aNeed([id])));
    await vi.advanceTimersByTimeAsync(3000);
    const began = Date.now();
    const found = await world.lookup(aNeed([100]));
    expect(found.answers.has("100")).toBe(true);
    expect(Date.now() - began).toBeLessThan(200);
  });

  it("have a place though others never cease to want one", async () => {
    const world = new DeskWorld((id) => good(id, id === "7" ? 5000 : 50));
    const slow = aNeed([7], { notBefore: 0 });
    let next = 1000;
    for (let second = 0; !(await world.lookup(slow)).answers.has("7"); second++) {
      void world.desk.lookup(upTo(200).map(() => aNeed([next++])));
      await vi.advanceTimersByTimeAsync(1000);
      expect(second).toBeLessThan(40);
    }
  });
});

describe("an order that is not asked for any more", () => {
  it("is one that nobody brought again for five minutes", () => {
    const asks = new Asks();
    asks.keep(aNeed([1]), 0);
    asks.keep(aNeed([2]), 4 * MINUTE);
    expect(asks.next(() => "ask", 6 * MINUTE, ROOM)).toBe("2");
    expect(asks.orders).toBe(1);
  });

  it("is one that was told that a product of it is sick", async () => {
    const world = new DeskWorld((id) => (id === "7" ? failing() : good(id)));
    await world.lookup(aNeed([1]));
    await world.lookup(aNeed([7, 8]));
    expect(world.desk.waiting).toBe(0);
  });
});

it("asks ever more rarely a catalogue that answers 429 and names no time", async () => {
  const world = new DeskWorld(() => ({ result: { kind: "limited", why: "", retryAfterMs: null } }));
  void world.desk.lookup([aNeed([1])]);
  await vi.advanceTimersByTimeAsync(55_000);
  expect(world.asked.length).toBeGreaterThan(4);
  expect(world.asked.length).toBeLessThan(9);
});
