import * as fc from "fast-check";
import { expect, it } from "vitest";
import { backoff } from "../../src/tasks/model/backoff";

const policy = { baseMs: 10_000, maxMs: 300_000 };
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const policies = fc
  .record({ baseMs: fc.nat(3_600_000), extraMs: fc.nat(3_600_000) })
  .map(({ baseMs, extraMs }) => ({ baseMs, maxMs: baseMs + extraMs }));

it("doubles from wait to wait until its cap", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => backoff(policy, n, 0));
  expect(waits).toEqual([10, 20, 40, 80, 160, 300, 300, 300].map((seconds) => seconds * 1000));
});

it("adds up to a fifth, and never takes away", () => {
  expect(backoff(policy, 1, 0)).toBe(10_000);
  expect(backoff(policy, 1, 0.5)).toBe(11_000);
  expect(backoff(policy, 3, 0.999_999)).toBe(48_000);
  fc.assert(
    fc.property(policies, fc.integer({ min: 1, max: 20 }), random, (policy, n, random) => {
      const plain = Math.min(policy.baseMs * 2 ** (n - 1), policy.maxMs);
      const wait = backoff(policy, n, random);
      expect(wait).toBeGreaterThanOrEqual(plain);
      expect(wait).toBeLessThanOrEqual(Math.ceil(plain * 1.2));
    }),
  );
});

it("spreads what failed together", () => {
  const waits = new Set(Array.from({ length: 100 }, (_, index) => backoff(policy, 2, index / 100)));
  expect(waits.size).toBe(100);
});

it("is a whole number between 0 and the cap for any n, however large", () => {
  const any = fc.oneof(
    fc.integer(),
    fc.constantFrom(0, -1, 1e9, Number.MAX_SAFE_INTEGER, Infinity),
  );
  fc.assert(
    fc.property(policies, any, random, (policy, n, random) => {
      const wait = backoff(policy, n, random);
      expect(Number.isSafeInteger(wait)).toBe(true);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(policy.maxMs);
    }),
  );
  expect(backoff(policy, Infinity, 0)).toBe(300_000);
});

it("never waits less for a later try", () => {
  fc.assert(
    fc.property(policies, fc.integer({ min: 1, max: 60 }), random, (policy, n, random) => {
      expect(backoff(policy, n + 1, random)).toBeGreaterThanOrEqual(backoff(policy, n, random));
    }),
  );
});

it("does not wait when the base is nothing", () => {
  expect(backoff({ baseMs: 0, maxMs: 300_000 }, 50, 0.9)).toBe(0);
});
