import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CallResult } from "../../src/orders/catalogue/call";
import {
  aNeed,
  DeskWorld,
  failing,
  good,
  hanging,
  refused,
  stateOf,
  unknown,
  unusable,
} from "../support/desk";

const MINUTE = 60_000;

vi.setConfig({ testTimeout: 30_000 }); // Minutes of the desk's time are many timers.

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe("a catalogue of which some products are sick", () => {
  const sick = (id: string) => Number(id) % 37 === 0;
  const world = () => new DeskWorld((id) => (sick(id) ? failing() : good(id)));

  it("is not down: healthy products are answered, the others are sick by themselves", async () => {
    const { desk, lookup } = bound(world());
    const found = await lookup(...upTo(400).map((id) => aNeed([id])));
    for (const id of upTo(400)) {
      expect([id, stateOf(found, id)]).toEqual([id, sick(String(id)) ? "sick" : "product"]);
    }
    expect(desk.state.health.down).toBeNull();
  });

  it("is not down when nothing but the sick ones is asked, however often", async () => {
    const { lookup, asked } = bound(world());
    await lookup(...upTo(36).map((id) => aNeed([id])));
    for (let round = 0; round < 10; round++) {
      await vi.advanceTimersByTimeAsync(MINUTE);
      const needs = [37, 74, 111, 148, 185, 222, 259, 296].map((id) => aNeed([id]));
      const found = await lookup(...needs);
      expect(found.down).toBeNull();
      expect(stateOf(found, 37)).toBe("sick");
    }
    // Each sick product is asked for once a minute, and now and then one that answers, to tell who
    // is to blame.
    expect(asked.filter(sick).length).toBe(80);
    expect(asked.length).toBeLessThan(36 + 80 + 80);
  });

  it("leaves a sick product alone for 5, 10, 20, 40 and then 60 seconds", async () => {
    const { lookup, asked } = bound(world());
    await lookup(aNeed([1]), aNeed([37]));
    for (let second = 0; second < 200; second++) {
      await vi.advanceTimersByTimeAsync(1000);
      await lookup(aNeed([37]));
    }
    const times = asked.filter((id) => id === "37").length;
    expect(times).toBe(1 + 6); // The product is asked for again after 5, 15, 35, 75, 135 and 195 s.
  });

  it("asks a sick product that heals, and forgets that it was sick", async () => {
    const { world: it, lookup, desk } = bound(world());
    await lookup(aNeed([1]), aNeed([37]));
    it.reply = (id) => good(id);
    await vi.advanceTimersByTimeAsync(5001);
    expect(stateOf(await lookup(aNeed([37])), 37)).toBe("product");
    expect(desk.state.health.sick).toEqual([]);
  });

  it("is not asked by means of a sick product whether it is back", async () => {
    const { world: it, lookup, asked } = bound(world());
    await lookup(aNeed([1, 2, 3]), aNeed([37]));
    it.reply = () => failing();
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect((await lookup(aNeed([4, 5, 6, 7, 8]))).down).not.toBeNull();
    asked.length = 0;
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked).not.toContain("37");
  });
});

describe("a catalogue that is down", () => {
  it("is down though one product of the order answered a moment ago", async () => {
    const { world, lookup } = bound(new DeskWorld());
    expect(stateOf(await lookup(aNeed([1])), 1)).toBe("product");
    world.reply = () => failing();
    const found = await lookup(aNeed([1, 2], { notBefore: 0 }));
    expect(found.down).not.toBeNull();
    expect(found.sick.size).toBe(0);
  });

  it("is down when it hangs", async () => {
    const { lookup } = bound(new DeskWorld(hanging));
    const need = aNeed(upTo(10));
    for (let tries = 0; tries < 5; tries++) {
      const found = await lookup(need);
      expect(found.sick.size).toBe(0);
    }
    expect((await lookup(need)).down).not.toBeNull();
  });

  it("is down from the start when nothing of it answers, even one product", async () => {
    const { lookup } = bound(new DeskWorld(() => failing()));
    expect((await lookup(aNeed([1]))).down).not.toBeNull();
  });

  it("is looked at again by itself, ever more rarely, and found back at once", async () => {
    const { world, lookup, asked } = bound(new DeskWorld(() => failing()));
    await lookup(aNeed([1, 2]));
    asked.length = 0;
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(asked.length).toBeGreaterThanOrEqual(10);
    expect(asked.length).toBeLessThanOrEqual(14);
    expect(world.healed).toBe(0);
    world.reply = (id) => good(id);
    await vi.advanceTimersByTimeAsync(MINUTE + 100);
    expect(world.healed).toBe(1);
    expect(stateOf(await lookup(aNeed([1, 2])), 2)).toBe("product");
  });

  it("holds nothing against its products once it is back", async () => {
    const { world, lookup, desk } = bound(new DeskWorld());
    await lookup(aNeed(upTo(20)));
    world.reply = () => failing();
    await lookup(aNeed(upTo(20), { notBefore: Date.now() + 1 }));
    await vi.advanceTimersByTimeAsync(3 * MINUTE);
    world.reply = (id) => good(id);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(desk.state.health.sick).toEqual([]);
  });

  it("is known to be down after a restart, which asks nothing at once", async () => {
    const { world, asked } = bound(new DeskWorld(() => failing()));
    await world.lookup(aNeed([1, 2]));
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    world.restart();
    asked.length = 0;
    const found = await world.lookup(...upTo(100).map((id) => aNeed([id])));
    expect(found.down?.since).toBeLessThan(Date.now() - MINUTE);
    expect(asked.length).toBeLessThanOrEqual(1);
  });

  it("is not called before the time it asks for", async () => {
    const result: CallResult = { kind: "failed", why: "it answered 503", retryAfterMs: 300_000 };
    const { lookup, asked } = bound(new DeskWorld(() => ({ result })));
    await lookup(aNeed([1]));
    asked.length = 0;
    await vi.advanceTimersByTimeAsync(299_000);
    expect(asked).toEqual([]);
  });
});

describe("what is a product's own answer", () => {
  it.each([
    ["a refusal", refused, "refused"],
    ["an absurd answer", unusable, "sick"],
  ])("%s of six absurd products puts nobody else off", async (_, reply, state) => {
    const { lookup } = bound(new DeskWorld((id) => (Number(id) > 900 ? reply() : good(id))));
    const bad = await lookup(...[901, 902, 903, 904, 905, 906].map((id) => aNeed([id])));
    expect(bad.down).toBeNull();
    expect(stateOf(bad, 901)).toBe(state);
    expect(stateOf(await lookup(aNeed([1])), 1)).toBe("product");
  });

  it("an absurd answer about products that were fine is an outage when all are so", async () => {
    const { world, lookup } = bound(new DeskWorld());
    await lookup(aNeed(upTo(10)));
    world.reply = () => unusable();
    const found = await lookup(aNeed(upTo(10), { notBefore: Date.now() + 1 }));
    expect(found.down).not.toBeNull();
    expect(found.sick.size).toBe(0);
  });
});

describe("a clock that goes back an hour", () => {
  it.each([false, true])("keeps nobody waiting for an hour, restarted: %j", async (restarted) => {
    const { world } = bound(new DeskWorld(() => failing()));
    await world.lookup(aNeed([1, 2]));
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    world.reply = (id) => good(id);
    vi.setSystemTime(Date.now() - 60 * MINUTE);
    if (restarted) {
      world.restart();
    }
    await world.lookup(aNeed([1, 2]));
    expect(stateOf(await world.lookup(aNeed([1, 2])), 2)).toBe("product");
  });

  it("takes an answer that was under way for one of now", async () => {
    const { world } = bound(new DeskWorld((id) => good(id, 1000)));
    const looking = world.desk.lookup([aNeed([1])]);
    await vi.advanceTimersByTimeAsync(100);
    vi.setSystemTime(Date.now() - 60 * MINUTE);
    world.desk.pump(); // Whoever comes meanwhile would pump as well.
    await vi.advanceTimersByTimeAsync(10_000);
    const askedAt = (await looking).answers.get("1")?.askedAt ?? Infinity;
    expect(askedAt).toBeLessThanOrEqual(Date.now());
  });

  it("keeps no product sick for an hour that was suspect as it went back", async () => {
    const { world } = bound(new DeskWorld((id) => (id === "2" ? failing() : good(id, 1000))));
    await world.lookup(aNeed([1]));
    const looking = world.desk.lookup([aNeed([2])]);
    await vi.advanceTimersByTimeAsync(100);
    vi.setSystemTime(Date.now() - 60 * MINUTE);
    world.desk.pump(); // Whoever comes meanwhile would pump as well.
    await vi.advanceTimersByTimeAsync(10_000);
    await looking;
    await world.lookup(aNeed([2]), aNeed([3]));
    const [, sickness] = world.desk.state.health.sick.find(([id]) => id === "2") ?? [];
    expect(sickness?.until ?? 0).toBeLessThan(Date.now() + MINUTE);
  });

  it("forgets what was asked in the time that was, and its limits", async () => {
    const { world, asked } = bound(new DeskWorld());
    await world.lookup(aNeed([1]));
    vi.setSystemTime(Date.now() - 60 * MINUTE);
    await world.lookup(aNeed([1]));
    expect(asked).toEqual(["1", "1"]);
    const result: CallResult = { kind: "limited", why: "429", retryAfterMs: 60 * MINUTE };
    world.reply = () => ({ result });
    await world.lookup(aNeed([2]));
    world.reply = (id) => good(id);
    vi.setSystemTime(Date.now() - 60 * MINUTE);
    expect(stateOf(await world.lookup(aNeed([2])), 2)).toBe("product");
  });
});

it("does not ask a product for ever whether the catalogue is up", async () => {
  const { world, lookup, asked } = bound(new DeskWorld());
  await lookup(aNeed([1]));
  world.reply = (id) => (id === "1" ? refused() : failing());
  const found = await lookup(aNeed([2]));
  expect(found.down).not.toBeNull();
  expect(asked.length).toBeLessThan(5);
});

describe("turns", () => {
  it("asks nothing more for an order that is doomed", async () => {
    const { lookup, asked } = bound(new DeskWorld(() => unknown()));
    await lookup(...upTo(20).map((n) => aNeed(upTo(200).map((i) => n * 1000 + i))));
    expect(asked.length).toBeLessThan(20 * 7);
  });

  it("lets a small order through beside hundreds of large ones of another sender", async () => {
    const { lookup, world } = bound(new DeskWorld((id) => good(id, 200)));
    const flood = upTo(400).map((n) => aNeed(upTo(200).map((i) => n * 1000 + i)));
    for (let start = 0; start < flood.length; start += 100) {
      await lookup(...flood.slice(start, start + 100)); // A consumer's batches are as large.
    }
    const before = Date.now();
    const small = await world.lookup(aNeed([1, 2], { sender: "key:2" }));
    expect(stateOf(small, 2)).toBe("product");
    expect(Date.now() - before).toBeLessThan(1500);
  });

  it("lets every order of 200 lines get on", async () => {
    const { lookup } = bound(new DeskWorld((id) => good(id, 700)));
    const orders = [0, 1, 2].map((n) =>
      aNeed(
        upTo(200).map((i) => n * 1000 + i),
        { notBefore: Date.now() },
      ),
    );
    const answered = orders.map(() => 0);
    for (let run = 0; run < 3; run++) {
      const found = await lookup(...orders);
      for (const [index, { products }] of orders.entries()) {
        const now = products.filter((id) => found.answers.has(id)).length;
        expect(now).toBeGreaterThan(answered[index] ?? 0);
        answered[index] = now;
      }
    }
    await vi.advanceTimersByTimeAsync(MINUTE * 2);
    const found = await lookup(...orders);
    expect(found.waits.size).toBe(0);
  });

  it("asks a product once for all that want it, six at a time", async () => {
    const { lookup, asked, world } = bound(new DeskWorld());
    await lookup(...upTo(50).map(() => aNeed(upTo(30))));
    expect(asked.toSorted()).toEqual(upTo(30).map(String).toSorted());
    expect(world.most.atOnce).toBe(6);
  });

  it("asks anew for an order that wants an answer of its own time", async () => {
    const { lookup, asked } = bound(new DeskWorld());
    await lookup(aNeed([1]));
    await lookup(aNeed([1], { notBefore: Date.now() }));
    await lookup(aNeed([1], { notBefore: Date.now() - 1000 }));
    expect(asked).toEqual(["1", "1"]);
  });
});

describe("slow products", () => {
  it("that hang hold nobody up: what is ready is answered within a second or two", async () => {
    const hangs = (id: string) => Number(id) % 33 === 0;
    const { lookup } = bound(new DeskWorld((id) => (hangs(id) ? hanging() : good(id))));
    const needs = upTo(400).map((id) => aNeed([id]));
    const ready: number[] = [];
    const began = Date.now();
    for (let start = 0; start < 400; start += 100) {
      const found = await lookup(...needs.slice(start, start + 100));
      ready.push(...upTo(400).filter((id) => found.answers.has(String(id))));
      expect(found.down).toBeNull();
    }
    expect(new Set(ready).size).toBe(400 - 12);
    expect(Date.now() - began).toBeLessThan(15_000);
  });

  it("keep no second caller waiting whom nobody else makes place for", async () => {
    const { world, lookup } = bound(new DeskWorld((id) => good(id, id === "7" ? 9900 : 20)));
    await lookup(aNeed([1]), aNeed([7]));
    const began = Date.now();
    for (let batch = 0; batch < 10; batch++) {
      await world.lookup(aNeed([1]), aNeed([7]));
    }
    expect(Date.now() - began).toBeLessThan(500);
  });

  it("that hang are sick in the end, and answered for as such", async () => {
    const hangs = (id: string) => id === "7";
    const { lookup } = bound(new DeskWorld((id) => (hangs(id) ? hanging() : good(id))));
    const need = aNeed([7]);
    expect(stateOf(await lookup(need, ...upTo(6).map((id) => aNeed([id]))), 7)).toBe("waiting");
    await vi.advanceTimersByTimeAsync(25_000);
    expect(stateOf(await lookup(need), 7)).toBe("sick");
  });

  it("that take 9.9 seconds are answered all the same, to who comes again", async () => {
    const { lookup } = bound(new DeskWorld((id) => good(id, id === "7" ? 9900 : 20)));
    const need = aNeed([7]);
    const first = await lookup(need, ...upTo(60).map((id) => aNeed([id + 100])));
    expect(stateOf(first, 7)).toBe("waiting");
    expect(first.waits.get(need.taskId)).toBeGreaterThan(0);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(stateOf(await lookup(need), 7)).toBe("product");
  });

  it("are the rule where all are slow: none is dropped for it", async () => {
    const { lookup, asked } = bound(new DeskWorld((id) => good(id, 2000)));
    const needs = upTo(300).map((id) => aNeed([id]));
    await lookup(...needs);
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect((await lookup(...needs)).waits.size).toBe(0);
    expect(asked.length).toBe(300);
  });
});

describe("a catalogue that limits its calls", () => {
  /**
   * Serves `perSecond` calls in each second of the clock; beyond that it answers 429, until the
   * next.
   */
  const limit = (perSecond: number) => {
    const served = new Map<number, number>();
    const refusals = { count: 0 };
    const reply = (id: string) => ({
      ms: 30,
      result: (now: number): CallResult => {
        const second = Math.floor(now / 1000);
        const n = served.get(second) ?? 0;
        if (n >= perSecond) {
          refusals.count += 1;
          return { kind: "limited", why: "it answered 429", retryAfterMs: 1000 };
        }
        served.set(second, n + 1);
        return good(id).result as CallResult;
      },
    });
    return { reply, refusals };
  };

  it("is used to nine tenths of what it allows, and rarely told no", async () => {
    const { reply, refusals } = limit(50);
    const { lookup, desk } = bound(new DeskWorld(reply));
    const needs = upTo(2000).map((id) => aNeed([id]));
    const began = Date.now();
    await lookup(...needs);
    while (desk.waiting > 0 && Date.now() - began < 10 * MINUTE) {
      await vi.advanceTimersByTimeAsync(1000);
      await lookup(...needs);
    }
    expect((Date.now() - began) / 1000).toBeLessThan(2000 / 50 / 0.9);
    expect(refusals.count).toBeLessThan(30);
    expect(desk.state.health).toMatchObject({ down: null, sick: [] });
  });

  it("to one a second answers an order of five products in about five", async () => {
    const { reply } = limit(1);
    const { lookup } = bound(new DeskWorld(reply));
    const need = aNeed(upTo(5));
    let found = await lookup(need);
    for (let second = 0; found.waits.size > 0 && second < 12; second++) {
      await vi.advanceTimersByTimeAsync(1000);
      found = await lookup(need);
    }
    expect(found.waits.size).toBe(0);
    expect(found.sick.size).toBe(0);
  });

  it("is found to allow more again", async () => {
    const { reply } = limit(2);
    const { world, lookup, desk } = bound(new DeskWorld(reply));
    await lookup(aNeed(upTo(20)));
    await vi.advanceTimersByTimeAsync(5000);
    expect(desk.state.pace.perSecond).toBeLessThan(3);
    world.reply = (id) => good(id);
    for (let second = 0; second < 600; second++) {
      await lookup(aNeed([1000 + second]));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(desk.state.pace.perSecond ?? Infinity).toBeGreaterThan(100);
  });

  it("for ever and without an answer is down", async () => {
    const result: CallResult = { kind: "limited", why: "it answered 429", retryAfterMs: null };
    const { lookup } = bound(new DeskWorld(() => ({ result })));
    const need = aNeed([1]);
    expect((await lookup(need)).down).toBeNull();
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect((await lookup(need)).down).not.toBeNull();
  });
});

function bound(world: DeskWorld) {
  return {
    world,
    asked: world.asked,
    desk: world.desk,
    lookup: world.lookup.bind(world),
  };
}
