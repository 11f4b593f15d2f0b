/**
 * A catalogue is half broken: these tests say which orders wait, which fail, and what all consumers
 * know.
 */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Catalogue, catalogueStatus, deskOf } from "../../../src/orders/catalogue/catalogue";
import { ACTIONS } from "../../../src/tasks/commands/actions";
import { CATALOGUE_URL, product, stubCatalogue } from "../../support/catalogue";
import { deliver, orderEngine, passTime, storeOrders, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

afterEach(() => {
  vi.restoreAllMocks();
});

const remote = (overrides = {}) => testEnv({ CATALOGUE_URL, ...overrides });
const no = () => new Response("no", { status: 503 });
const orderOf = (...ids: number[]) =>
  anOrder({ productos: ids.map((id) => ({ sku: `P${id}`, cantidad: 1 })) });
const sick = (id: string) => Number(id) % 37 === 0;

/** Stores orders of one product each and delivers them once, in batches. */
async function process(tested: Env, ids: number[]): Promise<string[]> {
  const tasks = await storeOrders(
    tested,
    ids.map((id) => orderOf(id)),
  );
  for (let start = 0; start < tasks.length; start += 100) {
    await deliver(tasks.slice(start, start + 100), tested);
  }
  return tasks;
}

/** Makes the environment as another isolate sees it, with nothing in memory. */
const elsewhere = (tested: Env): Env => ({ ...tested });

describe("a catalogue of 400 products of which those divisible by 37 always answer 503", () => {
  it("keeps no other order waiting; theirs use up their attempts and fail", async () => {
    const asked = stubCatalogue((id) => (sick(id) ? no() : product(id)));
    const tested = remote();
    const ids = Array.from({ length: 400 }, (_, i) => i + 1);
    const tasks = await process(tested, ids);
    const open: string[] = [];
    for (const [index, id] of ids.entries()) {
      const { status, attempts } = await taskOf(tasks[index]);
      expect([id, status, attempts]).toEqual([id, sick(String(id)) ? "RETRY" : "SUCCESS", 1]);
      open.push(...(status === "RETRY" ? [tasks[index] ?? ""] : []));
    }
    expect(open.length).toBe(10);
    for (let attempt = 2; attempt <= 3; attempt++) {
      passTime(MINUTE);
      await deliver(open, tested);
    }
    for (const id of open) {
      const expected = { status: "FAILURE", attempts: 3, error_code: "catalogue_failed" };
      expect(await taskOf(id)).toMatchObject(expected);
    }
    // Each sick product was asked for three times, beside what was asked to know who is to blame.
    expect(asked.filter(sick).length).toBe(30);
    expect(asked.length).toBeLessThan(400 + 20 + 30);
    const status = await catalogueStatus(tested);
    expect(status).toMatchObject({ down: null, sickCount: 10 });
    expect(status?.sick[0]).toMatchObject({ failures: 3, why: "it answered 503" });
  });

  it("costs an order no attempt while its product is left alone", async () => {
    const asked = stubCatalogue((id) => (sick(id) ? no() : product(id)));
    const tested = remote();
    await process(tested, [1, 37]);
    passTime(1000);
    const [late] = await process(tested, [37]);
    expect(asked.filter(sick).length).toBe(1);
    expect(await taskOf(late)).toMatchObject({ attempts: 0, error_code: "catalogue_failed" });
    passTime(MINUTE);
    await deliver([late ?? ""], tested);
    expect(await taskOf(late)).toMatchObject({ attempts: 1, error_code: "catalogue_failed" });
  });
});

describe("what is known of the catalogue", () => {
  it("is known to a new isolate at once: it neither hammers one that is down, nor sick products", async () => {
    const asked = stubCatalogue(no);
    const tested = remote();
    await process(tested, [1, 2, 3, 4, 5, 6, 7, 8]);
    const before = asked.length;
    const tasks = await process(
      elsewhere(tested),
      Array.from({ length: 100 }, (_, i) => 100 + i),
    );
    expect(asked.length).toBe(before);
    for (const id of tasks) {
      expect(await taskOf(id)).toMatchObject({ attempts: 0, error_code: "catalogue_waiting" });
    }
  });

  it("says since when, for what error, and which product, and outlives the object's memory", async () => {
    stubCatalogue(no);
    const tested = remote();
    await process(tested, [1, 2]);
    const status = await catalogueStatus(tested);
    expect(status?.down).toMatchObject({ why: "it answered 503" });
    expect(Math.abs((status?.down?.since ?? 0) - Date.now())).toBeLessThan(MINUTE);
    expect(status?.lastError).toMatchObject({ why: "it answered 503" });
    expect(["1", "2"]).toContain(status?.lastError?.product);
    await abortAllDurableObjects();
    expect((await catalogueStatus(tested))?.down?.since).toBe(status?.down?.since);
  });

  it("is written at most once a minute", async () => {
    stubCatalogue((id) => (Number(id) > 3 ? no() : product(id)));
    const tested = remote({ CATALOGUE_TTL_SECONDS: "0" });
    await process(tested, [1]);
    const versions = new Set<string>();
    const look = () =>
      runInDurableObject(deskOf(tested), (_, { storage }) => {
        versions.add(JSON.stringify(storage.kv.get("record") ?? null));
      });
    await look();
    for (let product = 4; product < 14; product++) {
      await process(tested, [1, product]);
      await look();
    }
    expect(versions.size).toBe(1);
    expect((await catalogueStatus(tested))?.sickCount).toBe(10);
    passTime(MINUTE);
    await process(tested, [1, 30]);
    await look();
    expect(versions.size).toBe(2);
  });

  it("outlives the object's memory where all was well: the first to fail is sick alone", async () => {
    stubCatalogue((id) => (sick(id) ? no() : product(id)));
    const tested = remote({ CATALOGUE_TTL_SECONDS: "0" });
    await process(tested, [1]);
    await abortAllDurableObjects();
    const [id] = await process(tested, [37]);
    expect(await taskOf(id)).toMatchObject({ attempts: 1, error_code: "catalogue_failed" });
    expect((await catalogueStatus(tested))?.down).toBeNull();
  });

  it("is of one catalogue: another begins with a clean record", async () => {
    stubCatalogue(no);
    const tested = remote();
    await process(tested, [1, 2, 3]);
    expect((await catalogueStatus(tested))?.down).not.toBeNull();
    expect((await catalogueStatus(remote()))?.down).toBeNull();
  });
});

describe("a catalogue that heals", () => {
  it("is found back by its own alarm, and what waited for it is due at once", async () => {
    let down = true;
    stubCatalogue((id) => (down ? no() : product(id)));
    const tested = remote();
    const tasks = await process(tested, [1, 2, 3, 4, 5, 6]);
    for (let wait = 0; wait < 6; wait++) {
      passTime(5 * MINUTE);
      await deliver(tasks, tested); // Each order waits for five minutes after this many deliveries.
    }
    expect(await dueIn(tasks[0])).toBeGreaterThan(2 * MINUTE);
    // The look is in vain, so the alarm comes again.
    expect(await runDurableObjectAlarm(deskOf(tested))).toBe(true);
    down = false;
    passTime(MINUTE + 1000);
    expect(await runDurableObjectAlarm(deskOf(tested))).toBe(true);
    await expect.poll(() => dueIn(tasks[0]), { timeout: 10_000 }).toBeLessThanOrEqual(0);
    await deliver(tasks, tested);
    for (const id of tasks) {
      expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", attempts: 1 });
    }
  });
});

describe("what consumers make of the desk's answer", () => {
  const downDesk = {
    getByName: () => ({
      lookup: () =>
        Promise.resolve({
          answers: new Map(),
          sick: new Map(),
          waits: new Map(),
          down: { since: 0, why: "it answered 503", pauseMs: 5000, probeAt: 0 },
        }),
    }),
  };

  it("is of no more weight than that it is back: who heard late that it is down goes too", async () => {
    let down = true;
    stubCatalogue((id) => (down ? no() : product(id)));
    const tested = remote();
    const tasks = await process(tested, [1, 2]);
    down = false;
    passTime(MINUTE + 1000);
    await runDurableObjectAlarm(deskOf(tested));
    await expect.poll(() => dueIn(tasks[0]), { timeout: 10_000 }).toBeLessThanOrEqual(0);
    await deliver(tasks, { ...tested, CATALOGUE: downDesk as never });
    expect(await dueIn(tasks[0])).toBeGreaterThan(5000);
    await expect.poll(() => dueIn(tasks[0]), { timeout: 10_000 }).toBeLessThanOrEqual(0);
  });

  it("counts one failure once, though the desk's clock is ahead", async () => {
    const at = Date.now() + 2 * MINUTE;
    const sickness = { since: at, failures: 1, failedAt: at, until: at + MINUTE, why: "503" };
    const found = { answers: new Map(), sick: new Map([["7", sickness]]), down: null };
    const lookup = () => Promise.resolve({ ...found, waits: new Map() });
    const tested = remote({ CATALOGUE: { getByName: () => ({ lookup }) } });
    const [id = ""] = await process(tested, [7]);
    expect(await taskOf(id)).toMatchObject({ attempts: 1, error_code: "catalogue_failed" });
    passTime(MINUTE);
    await deliver([id], tested);
    expect(await taskOf(id)).toMatchObject({ attempts: 1, error_code: "catalogue_failed" });
  });

  it("is complete for a batch of more products than the isolate remembers", async () => {
    const count = 10_100;
    const answers = new Map(
      Array.from({ length: count }, (_, i) => [
        String(i),
        {
          askedAt: Date.now(),
          kind: "product" as const,
          product: { id: String(i), title: "P", unitPrice: 1 },
        },
      ]),
    );
    const found = { answers, sick: new Map(), down: null, waits: new Map() };
    const catalogue = new Catalogue({
      catalogueUrl: "",
      catalogueTimeoutMs: 1000,
      catalogueTtlMs: MINUTE,
    });
    const since = Date.now();
    const products = [...answers.keys()];
    const question = { taskId: "t", sender: "", products, since, ranAt: since };
    const lookups = await catalogue.lookup({ lookup: () => Promise.resolve(found) }, [question]);
    expect([...(lookups.get("t")?.values() ?? [])].every((lookup) => "id" in Object(lookup))).toBe(
      true,
    );
  });
});

describe("an order's patience with the catalogue", () => {
  it("does not begin before it waits: one of days ago is processed", async () => {
    stubCatalogue();
    const tested = remote({ ORDER_MAX_AGE_HOURS: "1" });
    const [id = ""] = await storeOrders(tested, [orderOf(1)]);
    passTime(50 * HOUR);
    await deliver([id], tested);
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS" });
  });

  it("begins with its first wait for one that is down, and begins anew with a person's retry", async () => {
    let down = true;
    stubCatalogue((id) => (down ? no() : product(id)));
    const tested = remote({ ORDER_MAX_AGE_HOURS: "1" });
    const [id = ""] = await storeOrders(tested, [orderOf(1)]);
    passTime(50 * HOUR);
    for (const minutes of [0, 30, 29]) {
      passTime(minutes * MINUTE);
      await deliver([id], tested);
      expect(await taskOf(id)).toMatchObject({ attempts: 0, error_code: "catalogue_waiting" });
    }
    passTime(MINUTE);
    await deliver([id], tested);
    expect(await taskOf(id)).toMatchObject({ error_code: "catalogue_unavailable" });

    await ACTIONS.retry(tested, orderEngine, [id], { by: "user:1" });
    passTime(30 * MINUTE);
    await deliver([id], tested);
    expect(await taskOf(id)).toMatchObject({ attempts: 0, error_code: "catalogue_waiting" });
    down = false;
    passTime(MINUTE);
    await deliver([id], tested);
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS" });
  });

  it("begins anew when it was up in between", async () => {
    let down = true;
    stubCatalogue((id) => (down || id === "2" ? no() : product(id)));
    const tested = remote({ ORDER_MAX_AGE_HOURS: "1", ORDER_MAX_ATTEMPTS: "20" });
    const [id = ""] = await storeOrders(tested, [orderOf(1, 2)]);
    await deliver([id], tested);
    passTime(50 * MINUTE);
    down = false;
    await deliver([id], tested);
    expect(await taskOf(id)).toMatchObject({ attempts: 1, error_code: "catalogue_failed" });
    down = true;
    for (const minutes of [5, 40]) {
      passTime(minutes * MINUTE);
      await deliver([id], tested);
      expect(await taskOf(id)).toMatchObject({ status: "RETRY" });
    }
    expect((await catalogueStatus(tested))?.down).not.toBeNull();
  });

  it("is not used up while it answers for others: what was not asked yet is waited for", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const id = (input instanceof Request ? input.url : String(input)).split("/").at(-1) ?? "";
      return id === "2" ? never(init?.signal) : product(id);
    });
    const tested = remote({ ORDER_MAX_AGE_HOURS: "1" });
    const [id = "", other = ""] = await storeOrders(tested, [orderOf(2), orderOf(1)]);
    passTime(50 * HOUR);
    await deliver([id, other], tested);
    expect(await taskOf(id)).toMatchObject({ attempts: 0, error_code: "catalogue_waiting" });
    expect(await taskOf(other)).toMatchObject({ status: "SUCCESS" });
  });

  it("costs no attempt when the outage begins between two of its products", async () => {
    let answers = 1;
    stubCatalogue((id) => (answers-- > 0 ? product(id) : no()));
    const tested = remote();
    const [id = ""] = await storeOrders(tested, [orderOf(1, 2)]);
    for (let run = 0; run < 5; run++) {
      await deliver([id], tested);
      expect(await taskOf(id)).toMatchObject({ attempts: 0, error_code: "catalogue_waiting" });
      passTime(MINUTE);
    }
    answers = Infinity;
    await deliver([id], tested);
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", attempts: 1 });
  });
});

describe("a host that lost its catalogue, and answers 404 for everything", () => {
  it("fails no order: they wait without an attempt, and go on when it is back", async () => {
    let lost = false;
    stubCatalogue((id) =>
      lost ? new Response("<h1>Not Found</h1>", { status: 404 }) : product(id),
    );
    const tested = remote({ CATALOGUE_TTL_SECONDS: "0" });
    await process(tested, [1, 2, 3, 4, 5, 6, 7, 8]);
    lost = true;
    passTime(MINUTE);
    const tasks = await process(tested, [1, 2, 11, 12, 13, 14, 15, 16]);
    for (const id of tasks) {
      expect(await taskOf(id)).toMatchObject({ attempts: 0, error_code: "catalogue_waiting" });
    }
    lost = false;
    passTime(2 * MINUTE);
    await deliver(tasks, tested);
    for (const id of tasks) {
      expect(await taskOf(id)).toMatchObject({ status: "SUCCESS" });
    }
  });

  it("is told from one that lacks a product, whose order fails at once", async () => {
    const asked = stubCatalogue((id) =>
      Number(id) > 900 ? Response.json({ error: "none" }, { status: 404 }) : product(id),
    );
    const tested = remote({ CATALOGUE_TTL_SECONDS: "0" });
    await process(tested, [1, 2, 3]);
    const [id] = await process(tested, [901]);
    expect(await taskOf(id)).toMatchObject({ status: "FAILURE", error_code: "unknown_sku" });
    expect(asked.slice(-2)).toEqual(["901", "3"]);
  });
});

describe("a sender of what the catalogue finds absurd", () => {
  it.each([
    ["answers 400", () => new Response("bad", { status: 400 }), 1],
    ["has no price", (id: string) => Response.json({ id: Number(id), title: "P", price: null }), 3],
    ["answers about another product", () => product("1"), 3],
    ["answers a page", () => new Response("<html>"), 3],
  ])("for which it %s fails alone", async (_, absurd, attempts) => {
    stubCatalogue((id) => (Number(id) > 900 ? absurd(id) : product(id)));
    const tested = remote();
    const bad = await process(tested, [901, 902, 903, 904, 905, 906]);
    const [good] = await process(tested, [1]);
    expect(await taskOf(good)).toMatchObject({ status: "SUCCESS" });
    for (let run = 2; run <= attempts; run++) {
      passTime(MINUTE);
      await deliver(bad, tested);
    }
    for (const id of bad) {
      const expected = { status: "FAILURE", error_code: "catalogue_failed", attempts };
      expect(await taskOf(id)).toMatchObject(expected);
    }
  });
});

describe("a catalogue that answers 429", () => {
  it("costs no attempt, and is asked again after the time it named", async () => {
    let limited = true;
    const asked = stubCatalogue((id) =>
      limited ? new Response("", { status: 429, headers: { "retry-after": "30" } }) : product(id),
    );
    const tested = remote();
    const [id = ""] = await process(tested, [1]);
    expect(await taskOf(id)).toMatchObject({ attempts: 0, error_code: "catalogue_waiting" });
    passTime(20_000);
    await deliver([id], tested);
    expect(asked.length).toBe(1);
    expect((await catalogueStatus(tested))?.down).toBeNull();
    limited = false;
    passTime(11_000);
    await deliver([id], tested);
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", attempts: 1 });
  });
});

describe("a product that hangs", () => {
  it("does not keep its batch: what is ready is settled", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const id = (input instanceof Request ? input.url : String(input)).split("/").at(-1) ?? "";
      return id === "7" ? never(init?.signal) : product(id);
    });
    const tested = remote();
    const tasks = await process(tested, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const [index, id] of tasks.entries()) {
      const expected = index === 6 ? "RETRY" : "SUCCESS";
      expect((await taskOf(id)).status).toBe(expected);
    }
  });
});

it("loses nothing when the desk cannot be asked: the order waits without an attempt", async () => {
  stubCatalogue();
  const tested = remote({
    CATALOGUE: { getByName: () => ({ lookup: () => Promise.reject(new Error("overloaded")) }) },
  });
  const [id = ""] = await process(tested, [1]);
  expect(await taskOf(id)).toMatchObject({ attempts: 0, error_code: "catalogue_waiting" });
  passTime(MINUTE);
  await deliver([id], { ...tested, CATALOGUE: env.CATALOGUE });
  expect(await taskOf(id)).toMatchObject({ status: "SUCCESS" });
});

/** Returns the milliseconds until a task may run. */
async function dueIn(id: string | undefined): Promise<number> {
  const row = await env.DB.prepare("SELECT ready_at FROM tasks WHERE id = ?1")
    .bind(id)
    .first<{ ready_at: number }>();
  return (row?.ready_at ?? 0) - Date.now();
}

/** Makes an answer that does not come. */
function never(signal: AbortSignal | null | undefined): Promise<Response> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error));
  });
}
