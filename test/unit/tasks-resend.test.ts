import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isDue as isRowDue } from "../../src/tasks/recovery/resend";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const EMPTY = Infinity;
const UNKNOWN = 0;
const NEVER = 0;

interface Sent {
  sent_at: number | null;
  resends: number;
  ready_at?: number;
}

const isDue = (row: Sent, oldest: number, now: number, resumedAt = NEVER) =>
  isRowDue({ ready_at: row.sent_at ?? 0, ...row }, oldest, { now, resumedAt });

it("sends a row that has no message under way", () => {
  for (const oldest of [EMPTY, UNKNOWN, 5000]) {
    expect(isDue({ sent_at: null, resends: 1000 }, oldest, 10_000)).toBe(true);
  }
});

it("takes a message for lost when its queue is empty", () => {
  expect(isDue({ sent_at: 5000, resends: 1000 }, EMPTY, 40_000)).toBe(true);
});

it("takes a message for lost when all that waits is younger", () => {
  expect(isDue({ sent_at: 5000, resends: 0 }, 35_001, 40_000)).toBe(true);
});

it("leaves a message alone that may wait behind older ones, or be the oldest", () => {
  expect(isDue({ sent_at: 5000, resends: 0 }, 4000, 40_000)).toBe(false);
  expect(isDue({ sent_at: 5000, resends: 0 }, 5000, 40_000)).toBe(false);
});

it("takes what was sent before its queue was resumed for lost when all that waits is younger than that", () => {
  const row = { sent_at: 5000, resends: 0 };
  expect(isDue(row, 9000, 10_000, 9000)).toBe(true);
  expect(isDue(row, 8999, 10_000, 9000)).toBe(false);
  expect(isDue(row, 9000, 10_000, 4999)).toBe(false);
  expect(isDue({ ...row, ready_at: 9001 }, 9000, 10_000, 9000)).toBe(false);
});

it("without proof sends after ten minutes, then after twenty, forty and so on", () => {
  for (const [resends, minutes] of [10, 20, 40, 80, 160].entries()) {
    const due = (now: number) => isDue({ sent_at: 1, resends }, UNKNOWN, 1 + now);
    expect(due(minutes * MINUTE - 1)).toBe(false);
    expect(due(minutes * MINUTE)).toBe(true);
  }
});

it("never gives up for good: however often it was sent, it is sent again within eight days", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), (resends) => {
      expect(isDue({ sent_at: 1, resends }, UNKNOWN, 1 + 8 * 24 * HOUR)).toBe(true);
    }),
  );
});

it("sends one row of a deep backlog a number of times that grows with the logarithm of the wait", () => {
  for (const hours of [1, 3, 6, 12, 24, 48, 96]) {
    expect(resendsWithin(hours * HOUR)).toBe(
      Math.floor(Math.log2((hours * HOUR) / (10 * MINUTE) + 1)),
    );
  }
});

it("multiplies a backlog that waits for a day by less than ten", () => {
  expect(resendsWithin(24 * HOUR)).toBeLessThan(9);
});

/**
 * Looks at one row every 15 s while its message waits behind older ones, as recovery would, and
 * returns how often it is sent again.
 */
function resendsWithin(duration: number): number {
  const row = { sent_at: HOUR, resends: 0 };
  const oldest = HOUR - MINUTE;
  for (let now = HOUR; now <= HOUR + duration; now += 15_000) {
    if (isDue(row, oldest, now)) {
      row.sent_at = now;
      row.resends += 1;
    }
  }
  return row.resends;
}
