import { describe, expect, it } from "vitest";
import { ASKED, type Patience, retry, UNATTENDED } from "../../src/db/retry";
import type { Chance } from "../../src/lib/clock";
import { DatabaseTrouble, named, troubleBehind } from "../../src/db/trouble";
import { D1_ERRORS } from "../platform/d1-errors";

/**
 * Makes a call that fails with each message in turn and then answers. It counts its calls, and
 * waits no time.
 */
function failing(...messages: string[]) {
  const seen = { calls: 0, waits: [] as number[] };
  const call = async (): Promise<string> => {
    const message = messages[seen.calls];
    seen.calls += 1;
    if (message !== undefined) {
      throw new Error(message);
    }
    return "answer";
  };
  const wait = async (ms: number): Promise<void> => {
    seen.waits.push(ms);
  };
  const run = (patience: Patience = UNATTENDED, more = 0, chance?: Chance) =>
    retry(call, patience, more, wait, chance);
  return { seen, run };
}

const LOST = "D1_ERROR: Network connection lost.";
const OVERLOADED = "D1_ERROR: D1 DB is overloaded. Too many requests queued.";
const FULL = "D1_ERROR: Exceeded maximum DB size";
const FOR_EVER = Array.from({ length: 99 }, () => LOST);

const { full, "queued too long": queued, "too many queued": many, ...others } = D1_ERRORS;
const documented = [
  ...Object.values(others).map((text) => [text, "passing"] as const),
  ...[queued, many, "Durable Object is overloaded."].map((text) => [text, "overloaded"] as const),
  ...[full, "database or disk is full: SQLITE_FULL"].map((text) => [text, "full"] as const),
  ["Durable Object reset because its code was updated.", "passing"] as const,
  ["internal error; reference = 0123456789abcdef", "passing"] as const,
  ...[
    "no such table: tasks: SQLITE_ERROR",
    "no such column: t.notify at offset 12: SQLITE_ERROR",
    "no such index: tasks_unsent: SQLITE_ERROR",
    "table tasks has no column named replay_of: SQLITE_ERROR",
    "ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint: SQLITE_ERROR",
  ].map((text) => [text, "unmigrated"] as const),
];

describe("D1's own trouble", () => {
  it.each(documented)("is told by “%s”: %s", (text, kind) => {
    for (const said of [text, `D1_ERROR: ${text}`, text.toUpperCase()]) {
      expect(named(new Error(said)), said).toMatchObject({ name: "DatabaseTrouble", kind });
    }
  });

  it.each([
    ["D1_ERROR: D1 DB's isolate has exceeded its memory limit and was reset.", "passing"],
    ["D1_ERROR: D1 storage operation timed out, which caused the object to be reset", "passing"],
    ["D1_ERROR: The database is overloaded: requests were queued for too long", "overloaded"],
    ["D1_ERROR: exceeded the maximum database size of 10 GB", "full"],
  ])("is told when it is reworded: “%s”", (text, kind) => {
    expect(named(new Error(text))).toMatchObject({ kind });
  });

  it.each([
    ["D1_ERROR: UNIQUE constraint failed: orders.id: SQLITE_CONSTRAINT"],
    ["D1_ERROR: string or blob too big: SQLITE_TOOBIG"],
    ['D1_ERROR: near "reset": syntax error at offset 7: SQLITE_ERROR'],
    ["D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'"],
    [""],
  ])("is not “%s”, which would fail again", async (message) => {
    const { seen, run } = failing(message);
    await expect(run()).rejects.not.toBeInstanceOf(DatabaseTrouble);
    expect(seen.calls).toBe(1);
  });

  it("is found behind whatever wrapped it, and nowhere else", () => {
    const trouble = named(new Error(LOST));
    const query = new Error("Failed query: select 1", { cause: trouble });
    expect(troubleBehind(new Error("the page failed", { cause: query }))).toBe(trouble);
    // The same words of a bucket, or of a sender that hung up, are no trouble, as no call to D1
    // threw them.
    expect(troubleBehind(new Error("Network connection lost."))).toBeNull();
    expect(troubleBehind(LOST)).toBeNull();
  });

  it("is read of thrown values that are no errors", () => {
    expect(named(LOST)).toMatchObject({ kind: "passing", message: LOST });
  });
});

describe("asking again", () => {
  it("calls once when all is well", async () => {
    const { seen, run } = failing();
    expect(await run()).toBe("answer");
    expect(seen).toEqual({ calls: 1, waits: [] });
  });

  it("tries five times over 5 to 10 seconds where nobody waits, ever more slowly", async () => {
    const { seen, run } = failing(...FOR_EVER);
    await expect(run()).rejects.toThrow(LOST);
    expect(seen.calls).toBe(5);
    const all = seen.waits.reduce((sum, ms) => sum + ms);
    expect(all).toBeGreaterThan(5000);
    expect(all).toBeLessThan(10_000);
    expect(seen.waits).toEqual(seen.waits.toSorted((a, b) => a - b));
  });

  it("never waits for as long twice: what failed together does not come back together", async () => {
    const [one, other] = [failing(LOST), failing(LOST)];
    await Promise.all([one.run(), other.run()]);
    expect(one.seen.waits).not.toEqual(other.seen.waits);
  });

  it.each([
    [0, [375, 750, 1500, 3000]],
    [0.5, [500, 1000, 2000, 4000]],
    [0.8, [575, 1150, 2300, 4600]],
  ])("spreads its waits by a quarter either way: chance %d", async (random, waits) => {
    const { seen, run } = failing(...FOR_EVER);
    await expect(run(UNATTENDED, 0, () => random)).rejects.toThrow(LOST);
    expect(seen.waits.map(Math.round)).toEqual(waits);
  });

  it("gives up within two seconds where somebody waits for the answer", async () => {
    for (const text of [LOST, OVERLOADED]) {
      const { seen, run } = failing(...Array.from({ length: 9 }, () => text));
      await expect(run(ASKED)).rejects.toThrow(text);
      expect(seen.calls).toBeGreaterThan(1);
      expect(seen.waits.reduce((sum, ms) => sum + ms)).toBeLessThan(2000);
    }
  });

  it("asks an overloaded database again, but seldom and later", async () => {
    const { seen, run } = failing(...Array.from({ length: 9 }, () => OVERLOADED));
    await expect(run()).rejects.toMatchObject({ kind: "overloaded" });
    expect(seen.calls).toBe(3);
    expect(Math.min(...seen.waits)).toBeGreaterThan(1000);
  });

  it("does not ask a full one", async () => {
    const { seen, run } = failing(FULL);
    await expect(run()).rejects.toMatchObject({ kind: "full" });
    expect(seen.calls).toBe(1);
  });

  it("goes on at the longest wait for as often as more is asked for", async () => {
    const { seen, run } = failing(...FOR_EVER);
    await expect(run({ passing: [1, 2], overloaded: [] }, 4)).rejects.toThrow(LOST);
    expect(seen.calls).toBe(7);
    expect(Math.max(...seen.waits)).toBeLessThanOrEqual(2.5);
  });

  it("stops as soon as the error is of another kind", async () => {
    const { seen, run } = failing(LOST, "D1_ERROR: near syntax: SQLITE_ERROR");
    await expect(run()).rejects.toThrow("near syntax");
    expect(seen.calls).toBe(2);
  });
});
