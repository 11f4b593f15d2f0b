import { expect, it } from "vitest";
import { retryD1 } from "../../src/db/retry";

/** A call that fails with each message in turn and then answers. Counts itself; waits no time. */
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
  return { seen, run: (tries?: number) => retryD1(call, tries, wait) };
}

const LOST = "D1_ERROR: Network connection lost.";

it("calls once when all is well", async () => {
  const { seen, run } = failing();
  expect(await run()).toBe("answer");
  expect(seen).toEqual({ calls: 1, waits: [] });
});

it.each([
  [LOST],
  ["D1_ERROR: D1 DB reset because its code was updated."],
  ["D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset."],
  ["D1_ERROR: Internal error in D1 DB storage caused object to be reset."],
  ["D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node."],
  ["D1_ERROR: internal error; reference = abc123"],
])("calls again after “%s”", async (message) => {
  const { seen, run } = failing(message);
  expect(await run()).toBe("answer");
  expect(seen.calls).toBe(2);
});

it.each([
  ["D1_ERROR: D1 DB is overloaded. Too many requests queued."],
  ["D1_ERROR: D1 DB is overloaded. Requests queued for too long."],
  ["D1_ERROR: internal error: D1 DB is overloaded."],
])("leaves an overloaded database alone after “%s”", async (message) => {
  const { seen, run } = failing(message);
  await expect(run()).rejects.toThrow(message);
  expect(seen).toEqual({ calls: 1, waits: [] });
});

it.each([
  ["D1_ERROR: UNIQUE constraint failed: orders.id: SQLITE_CONSTRAINT"],
  ["D1_ERROR: no such table: tasks: SQLITE_ERROR"],
  ["D1_ERROR: string or blob too big: SQLITE_TOOBIG"],
  [""],
])("does not repeat what would fail again: “%s”", async (message) => {
  const { seen, run } = failing(message);
  await expect(run()).rejects.toThrow(message);
  expect(seen.calls).toBe(1);
});

it("gives up after three tries, waits ever longer between them, and throws the last error", async () => {
  const { seen, run } = failing(LOST, LOST, `${LOST} Again.`, LOST);
  await expect(run()).rejects.toThrow(`${LOST} Again.`);
  expect(seen.calls).toBe(3);
  expect(seen.waits).toHaveLength(2);
  expect(seen.waits[1]).toBeGreaterThan(seen.waits[0] ?? Infinity);
});

it("tries as often as it is told", async () => {
  const once = failing(LOST);
  await expect(once.run(1)).rejects.toThrow(LOST);
  expect(once.seen).toEqual({ calls: 1, waits: [] });
  const five = failing(LOST, LOST, LOST, LOST);
  expect(await five.run(5)).toBe("answer");
  expect(five.seen.calls).toBe(5);
});

it("stops repeating as soon as the error is of another kind", async () => {
  const { seen, run } = failing(LOST, "D1_ERROR: syntax error");
  await expect(run()).rejects.toThrow("syntax error");
  expect(seen.calls).toBe(2);
});

it("reads thrown values that are no errors", async () => {
  let calls = 0;
  const call = async () => {
    calls += 1;
    // eslint-disable-next-line no-throw-literal, typescript/only-throw-error -- this is the case
    throw LOST;
  };
  await expect(retryD1(call, 2, async () => undefined)).rejects.toBe(LOST);
  expect(calls).toBe(2);
});
