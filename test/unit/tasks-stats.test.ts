import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COUNTERS, DURATION_EDGES_MS } from "../../src/tasks/model/counts";
import {
  type Counts,
  daysAgo,
  endsOf,
  meanSeconds,
  openOf,
  quantileSeconds,
  total,
} from "../../src/tasks/statistics/stats";

const none = total([]);

/** Makes counts of successes that took this long. */
function ofDurations(durations: readonly number[]): Counts {
  const within = DURATION_EDGES_MS.map((edge, k) => [
    `d${k}`,
    durations.filter((ms) => ms <= edge).length,
  ]);
  const duration_ms = durations.reduce((sum, ms) => sum + ms, 0);
  return { ...none, success: durations.length, duration_ms, ...Object.fromEntries(within) };
}

describe("total", () => {
  it("of nothing has every counter at zero", () => {
    expect(Object.keys(none)).toEqual([...COUNTERS]);
    expect(new Set(Object.values(none))).toEqual(new Set([0]));
  });

  it("adds every counter up", () => {
    const one = Object.fromEntries(COUNTERS.map((counter, n) => [counter, n])) as Counts;
    const sum = total([{ counts: one }, { counts: one }, { counts: none }]);
    expect(sum).toEqual(Object.fromEntries(COUNTERS.map((counter, n) => [counter, 2 * n])));
  });
});

describe("endsOf and openOf", () => {
  it("take back what was run again", () => {
    const counts = { ...none, created: 20, success: 5, failure: 7, unfailed: 3, revoked: 4 };
    expect(endsOf({ ...counts, unrevoked: 1 })).toEqual({ success: 5, failure: 4, revoked: 3 });
    expect(openOf({ ...counts, unrevoked: 1 })).toBe(8);
  });

  it("never tell less than none, though of some days more was run again than failed", () => {
    const counts = { ...none, success: 4, failure: 1, unfailed: 6, revoked: 0, unrevoked: 2 };
    expect(endsOf(counts)).toEqual({ success: 4, failure: 0, revoked: 0 });
  });
});

describe("meanSeconds", () => {
  it("is null without a success, else exact", () => {
    expect(meanSeconds(none)).toBeNull();
    expect(meanSeconds(ofDurations([1000, 2000, 6000]))).toBe(3);
  });
});

describe("quantileSeconds", () => {
  it("is null without a success", () => {
    expect(quantileSeconds(none, 0.5)).toBeNull();
  });

  it("is exact at the edges, and linear between them", () => {
    expect(quantileSeconds(ofDurations([8, 16]), 0.5)).toBe(0.008);
    expect(quantileSeconds(ofDurations([8, 16]), 1)).toBe(0.016);
    // Four tasks took between 8 and 16 ms, and the second of them is half way.
    expect(quantileSeconds(ofDurations([9, 11, 13, 15]), 0.5)).toBe(0.012);
  });

  it("is the last edge for what took longer", () => {
    const last = (DURATION_EDGES_MS.at(-1) ?? 0) / 1000;
    expect(quantileSeconds(ofDurations([9e9]), 0.95)).toBe(last);
    expect(last).toBeGreaterThan(500);
  });

  it("lies in the bucket of the true quantile, and grows with the share", () => {
    const durations = fc.array(fc.integer({ min: 0, max: 500_000 }), { minLength: 1 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.05, 0.5, 0.9, 0.95, 1), (given, share) => {
        const counts = ofDurations(given);
        const guess = (quantileSeconds(counts, share) ?? -1) * 1000;
        const rank = Math.ceil(share * given.length - 1e-9);
        const truth = given.toSorted((a, b) => a - b)[rank - 1] ?? -1;
        const upper = DURATION_EDGES_MS.find((edge) => edge >= truth) ?? Infinity;
        expect(guess).toBeLessThanOrEqual(upper + 1e-6);
        expect(guess).toBeGreaterThanOrEqual(upper === 8 ? 0 : upper / 2 - 1e-6);
        expect(guess).toBeGreaterThanOrEqual((quantileSeconds(counts, share / 2) ?? 0) * 1000);
      }),
    );
  });
});

describe("daysAgo", () => {
  it("is a midnight, so many whole days before today's", () => {
    const now = Date.parse("2026-11-22T23:59:59.999Z");
    expect(daysAgo(0, now)).toBe(Date.parse("2026-11-22"));
    expect(daysAgo(7, now)).toBe(Date.parse("2026-11-15"));
    expect(daysAgo(7, Date.parse("2026-11-22"))).toBe(Date.parse("2026-11-15"));
  });
});
