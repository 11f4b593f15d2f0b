import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Breaker } from "../../src/orders/breaker";

const FIRST_MS = 10_000;
const MAX_MS = 300_000;

function opened(now = 0): Breaker {
  const breaker = new Breaker();
  for (let failure = 0; failure < 5; failure++) {
    breaker.fail(now);
  }
  return breaker;
}

it("lets every call out while closed", () => {
  const breaker = new Breaker();
  expect([1, 2, 3].map((now) => breaker.allow(now))).toEqual([true, true, true]);
  expect(breaker.isOpen(0)).toBe(false);
});

it("opens at the fifth failure in a row, for ten seconds", () => {
  const breaker = new Breaker();
  for (let failure = 1; failure <= 4; failure++) {
    breaker.fail(failure);
    expect(breaker.allow(failure)).toBe(true);
  }
  breaker.fail(5);
  expect(breaker.isOpen(5)).toBe(true);
  expect(breaker.allow(5 + FIRST_MS - 1)).toBe(false);
  expect(breaker.isOpen(5 + FIRST_MS)).toBe(false);
});

it("counts only failures in a row: a success starts the count again", () => {
  const breaker = new Breaker();
  for (let round = 0; round < 10; round++) {
    for (let failure = 0; failure < 4; failure++) {
      breaker.fail(0);
    }
    breaker.succeed();
  }
  expect(breaker.allow(0)).toBe(true);
});

it("lets one call probe when its time is up", () => {
  const breaker = opened();
  expect(breaker.allow(FIRST_MS)).toBe(true);
  expect(breaker.allow(FIRST_MS)).toBe(false);
  expect(breaker.allow(FIRST_MS + 1)).toBe(false);
});

it("lets another call probe when the first never reports", () => {
  const breaker = opened();
  expect(breaker.allow(FIRST_MS)).toBe(true);
  expect(breaker.allow(2 * FIRST_MS)).toBe(true);
  expect(breaker.allow(2 * FIRST_MS)).toBe(false);
});

it("closes when the probe succeeds, and then opens for ten seconds again", () => {
  const breaker = opened();
  breaker.allow(FIRST_MS);
  breaker.fail(FIRST_MS);
  breaker.allow(3 * FIRST_MS);
  breaker.succeed();
  expect([1, 2].map(() => breaker.allow(3 * FIRST_MS))).toEqual([true, true]);
  for (let failure = 0; failure < 5; failure++) {
    breaker.fail(0);
  }
  expect(breaker.isOpen(FIRST_MS - 1)).toBe(true);
  expect(breaker.isOpen(FIRST_MS)).toBe(false);
});

it("doubles with each failed probe, up to five minutes", () => {
  const breaker = opened();
  const lengths: number[] = [];
  let now = FIRST_MS;
  for (let probe = 0; probe < 8; probe++) {
    expect(breaker.allow(now)).toBe(true);
    breaker.fail(now);
    const length = openFor(breaker, now);
    lengths.push(length);
    now += length;
  }
  const seconds = [20, 40, 80, 160, 300, 300, 300, 300];
  expect(lengths).toEqual(seconds.map((length) => length * 1000));
});

it("does not open longer for the failures of calls that were under way", () => {
  const breaker = opened();
  for (let late = 1; late <= 20; late++) {
    breaker.fail(late);
  }
  expect(openFor(breaker, 0)).toBe(FIRST_MS);
  breaker.allow(FIRST_MS);
  breaker.fail(FIRST_MS);
  breaker.fail(FIRST_MS + 5);
  breaker.fail(FIRST_MS + 6);
  expect(openFor(breaker, FIRST_MS)).toBe(2 * FIRST_MS);
});

const step = fc.record({
  afterMs: fc.oneof(
    { weight: 4, arbitrary: fc.nat(2000) },
    { weight: 1, arbitrary: fc.constantFrom(FIRST_MS - 1, FIRST_MS, 20_000, 299_999, MAX_MS) },
  ),
  ends: fc.oneof(
    { weight: 6, arbitrary: fc.constant("fails") },
    { weight: 1, arbitrary: fc.constantFrom("succeeds", "is lost", "late failure") },
  ),
});

it("follows its states over any history: closed, open, one probe, closed or open for longer", () => {
  let probes = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
      const breaker = new Breaker();
      let state: "closed" | "open" | "probing" = "closed";
      let failures = 0;
      let length = FIRST_MS;
      let until = 0;
      let now = 1_700_000_000_000;
      for (const { afterMs, ends } of steps) {
        now += afterMs;
        const closed = state === "closed";
        expect(breaker.isOpen(now)).toBe(!closed && now < until);
        if (ends === "late failure") {
          // A call from before the opening; one during a probe cannot be told from the probe.
          if (state === "open") {
            breaker.fail(now);
          }
          continue;
        }
        const allowed = breaker.allow(now);
        expect(allowed).toBe(closed || now >= until);
        if (!allowed) {
          continue;
        }
        if (!closed) {
          probes += 1;
          state = "probing";
          until = now + length;
        }
        if (ends === "succeeds") {
          breaker.succeed();
          state = "closed";
          failures = 0;
          length = FIRST_MS;
        } else if (ends === "fails") {
          breaker.fail(now);
          failures += 1;
          if (state === "probing") {
            length = Math.min(length * 2, MAX_MS);
          }
          if (state === "probing" || failures === 5) {
            state = "open";
            until = now + length;
          }
        }
      }
    }),
    { numRuns: 500 },
  );
  expect(probes).toBeGreaterThan(100);
});

/** For how long it is open from `now`, to the millisecond. */
function openFor(breaker: Breaker, now: number): number {
  let length = 0;
  for (let bit = 2 ** 20; bit >= 1; bit /= 2) {
    if (breaker.isOpen(now + length + bit - 1)) {
      length += bit;
    }
  }
  return length;
}
