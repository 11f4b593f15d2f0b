/** A call fails where neither the catalogue nor one product is plainly to blame. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Need } from "../../src/orders/catalogue/asks";
import {
  aNeed,
  DeskWorld,
  failing,
  good,
  missing,
  refused,
  stateOf,
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
const each = (ids: number[], overrides: Partial<Need> = {}) =>
  ids.map((id) => aNeed([id], overrides));
const sickOf = ({ desk }: DeskWorld) =>
  desk.state.health.sick.map(([product]) => Number(product)).toSorted((a, b) => a - b);

describe("many products that fall sick at once", () => {
  it("half of all are sick alone, and keep the other half waiting no second", async () => {
    const world = new DeskWorld();
    await world.lookup(...each(upTo(40)));
    world.reply = (id) => (Number(id) % 2 === 0 ? failing() : good(id));
    const began = Date.now();
    const needs = each(upTo(200), { notBefore: began + 1 });
    const found = await world.lookup(...needs);
    expect(found.down).toBeNull();
    expect(sickOf(world)).toEqual(upTo(200).filter((id) => id % 2 === 0));
    expect([...found.answers].filter(([, { askedAt }]) => askedAt > began).length).toBe(100);
    expect(Date.now() - began).toBeLessThan(2000);
  });

  it("all that ever answered keep nobody waiting who wants others", async () => {
    const world = new DeskWorld();
    await world.lookup(aNeed([1, 2, 3]));
    world.reply = (id) => (Number(id) <= 3 ? failing() : good(id));
    expect((await world.lookup(...each([1, 2, 3], { notBefore: Date.now() + 1 }))).down).not.toBe(
      null,
    );
    await world.lookup(aNeed([4, 5]));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(stateOf(await world.lookup(aNeed([4, 5])), 5)).toBe("product");
    await world.lookup(...each([1, 2, 3], { notBefore: Date.now() + 1 }));
    expect(sickOf(world)).toEqual([1, 2, 3]);
  });
});

it("a sick product is not asked before the time it named", async () => {
  const world = new DeskWorld((id) =>
    id === "7"
      ? { result: { kind: "failed", why: "it answered 503", retryAfterMs: 5 * MINUTE } }
      : good(id),
  );
  await world.lookup(...each([1, 7]));
  for (let minute = 0; minute < 5; minute++) {
    expect(world.asked.filter((id) => id === "7").length).toBe(1);
    await vi.advanceTimersByTimeAsync(MINUTE);
    await world.lookup(aNeed([7]));
  }
  expect(world.asked.filter((id) => id === "7").length).toBe(2);
});

it("a catalogue of which three in ten calls fail is not down", async () => {
  const world = new DeskWorld();
  await world.lookup(...each(upTo(40)));
  let calls = 0;
  world.reply = (id) => ((calls++ * 7) % 10 < 3 ? failing() : good(id));
  const found = await world.lookup(...each(upTo(300), { notBefore: Date.now() + 1 }));
  expect(found.down).toBeNull();
  expect(world.healed).toBe(0);
});

describe("an outage", () => {
  it("that answers with pages is held against no product, though it was never asked before", async () => {
    const world = new DeskWorld();
    await world.lookup(...each(upTo(40)));
    world.reply = () => unusable();
    const found = await world.lookup(...each(upTo(20).map((id) => 1000 + id)));
    expect(found.down).not.toBeNull();
    expect(found.sick.size).toBe(0);
  });

  it("that begins with six calls under way is held against none of them", async () => {
    const world = new DeskWorld();
    await world.lookup(...each(upTo(40)));
    world.reply = (id) => (Number(id) % 6 === 0 ? failing(10) : failing(300));
    const needs = each(upTo(40), { notBefore: Date.now() + 1 });
    let found = await world.lookup(...needs);
    for (let runs = 0; runs < 5 && !found.down; runs++) {
      expect(found.sick.size).toBe(0);
      found = await world.lookup(...needs);
    }
    expect(found.down).not.toBeNull();
    expect(found.sick.size).toBe(0);
  });

  it.each([
    ["refuses the request", refused],
    ["answers with a page", unusable],
  ])("is looked at ever more rarely where it %s", async (_, reply) => {
    const world = new DeskWorld(() => failing());
    await world.lookup(aNeed([1, 2]));
    world.reply = () => reply();
    world.asked.length = 0;
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(world.asked.length).toBeGreaterThanOrEqual(10);
    expect(world.asked.length).toBeLessThanOrEqual(14);
    expect(world.desk.state.health.down).not.toBeNull();
  });

  it("is found to be over after a restart though nobody asks and nothing ever answered", async () => {
    const before = new DeskWorld(() => failing());
    await before.lookup(aNeed([1]));
    const world = new DeskWorld((id) => good(id), before.desk.state);
    world.desk.pump(); // The desk's alarm pumps in the same way.
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(world.healed).toBe(1);
  });
});

describe("a call that began before the trouble", () => {
  /** Gives `first` for product 1, begun while all was well; every other product fails at once. */
  const troubled = async (first: ReturnType<typeof failing>, others: number[]) => {
    const world = new DeskWorld((id) =>
      id === "1" && !world.asked.slice(0, -1).includes("1") ? first : failing(),
    );
    const needs = each([1, ...others]);
    void world.desk.lookup(needs);
    await vi.advanceTimersByTimeAsync(3500);
    return world;
  };

  it("does not say, by its answer, that what failed since is sick", async () => {
    const world = await troubled(good("1", 3000), [2, 3]);
    expect(sickOf(world)).toEqual([]);
    expect(world.desk.state.health.down).not.toBeNull();
  });

  it("does not say, by its answer, that the catalogue is back", async () => {
    const world = await troubled(good("1", 3000), [2, 3, 4, 5, 6]);
    expect(world.desk.state.health.down).not.toBeNull();
    expect(world.healed).toBe(0);
  });

  it("does not, by its failure, put off the next look", async () => {
    const world = await troubled(failing(3000), [2, 3, 4, 5, 6]);
    expect(world.desk.state.health.down?.pauseMs).toBe(5000);
  });
});

describe("a 404", () => {
  it("is the catalogue's word once a product is answered that was asked since", async () => {
    const world = new DeskWorld((id) => (Number(id) > 900 ? missing() : good(id)));
    await world.lookup(aNeed([1, 2, 3]));
    const before = world.asked.length;
    expect(stateOf(await world.lookup(aNeed([901])), 901)).toBe("unknown");
    expect(world.asked.slice(before)).toEqual(["901", "3"]);
    expect(world.desk.state.health).toMatchObject({ down: null, sick: [], lastError: null });
  });

  it("costs no call more where others are answered anyway", async () => {
    const world = new DeskWorld((id) => (Number(id) > 900 ? missing() : good(id)));
    await world.lookup(aNeed([1]));
    const found = await world.lookup(...each([...upTo(40), 901, 902, ...upTo(80).slice(40)]));
    expect([stateOf(found, 901), stateOf(found, 902)]).toEqual(["unknown", "unknown"]);
    expect(world.asked.length).toBeLessThanOrEqual(84);
  });

  it("is believed of one that was there, and forgotten as one that answers", async () => {
    const world = new DeskWorld();
    await world.lookup(aNeed([1, 2]));
    world.reply = (id) => (id === "2" ? missing() : good(id));
    const later = { notBefore: Date.now() + 1 };
    await vi.advanceTimersByTimeAsync(10);
    expect(stateOf(await world.lookup(aNeed([2], later)), 2)).toBe("unknown");
    expect(world.desk.state.health.proven).toEqual(["1"]);
  });

  it("is believed of a catalogue that never had a product", async () => {
    const world = new DeskWorld(() => missing());
    expect(stateOf(await world.lookup(aNeed([7])), 7)).toBe("unknown");
    expect(world.asked).toEqual(["7"]);
  });

  it("for all that was there is an outage: no product is unknown, and none waits longer than it", async () => {
    const world = new DeskWorld();
    await world.lookup(...each(upTo(40)));
    world.reply = () => missing();
    const later = { notBefore: Date.now() + 1 };
    await vi.advanceTimersByTimeAsync(10);
    const found = await world.lookup(...each(upTo(100), later));
    expect(found.down).toMatchObject({ why: "it answered 404" });
    expect([...found.answers.values()].filter(({ kind }) => kind === "unknown")).toEqual([]);
    world.reply = (id) => good(id);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(world.healed).toBe(1);
    expect(stateOf(await world.lookup(aNeed([77], later)), 77)).toBe("product");
  });
});
