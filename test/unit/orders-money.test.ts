import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  applyRate,
  MAX_UNIT_PRICE,
  priceToMinorUnits,
  toDecimal,
} from "../../src/orders/order/money";

it.each([
  [0, 0],
  [-0, 0],
  [0.01, 1],
  [109.95, 10_995],
  [695, 69_500],
  [1.005, 101],
  [0.285, 29],
  [1.115, 112],
  [8.345, 835],
  [0.004999999, 0],
  [0.005, 1],
  [1e-6, 0],
  [1e-7, 0],
  [5e-324, 0],
  [999.995, 100_000],
  [0.1 + 0.2, 30],
])("reads the price %d as %i minor units", (price, minor) => {
  expect(priceToMinorUnits(price)).toBe(minor);
});

it("takes prices up to a million, after rounding", () => {
  expect(priceToMinorUnits(1_000_000)).toBe(MAX_UNIT_PRICE);
  expect(priceToMinorUnits(1_000_000.004)).toBe(MAX_UNIT_PRICE);
  expect(priceToMinorUnits(999_999.995)).toBe(MAX_UNIT_PRICE);
  expect(priceToMinorUnits(1_000_000.005)).toBeNull();
  expect(priceToMinorUnits(1_000_000.01)).toBeNull();
});

it.each([[-0.01], [-1], [1e9], [1e21], [Number.MAX_VALUE], [NaN], [Infinity], [-Infinity]])(
  "takes %d for no price",
  (price) => {
    expect(priceToMinorUnits(price)).toBeNull();
  },
);

it.each([[null], [undefined], ["9.99"], [true], [[9.99]], [{}], [10n]])(
  "takes no price but a number",
  (price) => {
    expect(priceToMinorUnits(price)).toBeNull();
  },
);

it("rounds a price half up on the digits that were written", () => {
  const written = fc
    .tuple(
      fc.integer({ min: 0, max: 999_999 }),
      fc
        .integer({ min: 0, max: 8 })
        .chain((length) =>
          fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }),
        ),
    )
    .map(([whole, fraction]) => ({ whole, digits: fraction.join("") }));
  fc.assert(
    fc.property(written, ({ whole, digits }) => {
      const text = digits === "" ? `${whole}` : `${whole}.${digits}`;
      expect(priceToMinorUnits(Number(text))).toBe(halfUp(text));
    }),
    { numRuns: 2000 },
  );
});

it("rounds any number half up on its shortest decimal digits", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (price) => {
      expect(priceToMinorUnits(price)).toBe(halfUp(String(price)));
    }),
    { numRuns: 2000 },
  );
});

it("rounds every half cent below ten up", () => {
  for (let thousandths = 5; thousandths < 10_000; thousandths += 10) {
    const text = `${Math.floor(thousandths / 1000)}.${String(thousandths % 1000).padStart(3, "0")}`;
    expect(priceToMinorUnits(Number(text))).toBe((thousandths + 5) / 10);
  }
});

it("applies a rate exactly, half up", () => {
  const rates = fc.record({
    numerator: fc.integer({ min: 0, max: 10_000 }),
    denominator: fc.integer({ min: 1, max: 10_000 }),
  });
  fc.assert(
    fc.property(fc.nat({ max: 9e15 / 10_000 }), rates, (amount, rate) => {
      const product = BigInt(amount) * BigInt(rate.numerator);
      const denominator = BigInt(rate.denominator);
      const rest = product % denominator;
      const expected = product / denominator + (rest * 2n >= denominator ? 1n : 0n);
      expect(applyRate(amount, rate)).toBe(Number(expected));
    }),
    { numRuns: 1000 },
  );
});

it("stays exact for the dearest order there can be", () => {
  const dearest = 200 * 10_000 * MAX_UNIT_PRICE;
  expect(applyRate(dearest, { numerator: 1000, denominator: 10_000 })).toBe(dearest / 10);
  expect(applyRate(dearest + 5, { numerator: 1, denominator: 10 })).toBe(dearest / 10 + 1);
});

it.each([
  [0, "0.00"],
  [5, "0.05"],
  [50, "0.50"],
  [123_450, "1234.50"],
  [-5, "-0.05"],
  [-123_456, "-1234.56"],
  [200_000_000_000_000, "2000000000000.00"],
])("writes %i minor units as %s", (minor, text) => {
  expect(toDecimal(minor)).toBe(text);
});

it("writes a price so that reading it gives the same price", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_UNIT_PRICE }), (minor) => {
      expect(toDecimal(minor)).toMatch(/^\d+\.\d\d$/);
      expect(priceToMinorUnits(Number(toDecimal(minor)))).toBe(minor);
    }),
    { numRuns: 1000 },
  );
});

/** Returns the minor units of decimal text, by integer arithmetic alone. */
function halfUp(text: string): number {
  const [mantissa = "", exponent = "0"] = text.split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const scale = Number(exponent) - fraction.length;
  const numerator = BigInt(whole + fraction) * 100n * 10n ** BigInt(Math.max(scale, 0));
  const denominator = 10n ** BigInt(Math.max(-scale, 0));
  return Number((2n * numerator + denominator) / (2n * denominator));
}
