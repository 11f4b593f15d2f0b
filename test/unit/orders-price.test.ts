import * as fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_UNIT_PRICE } from "../../src/orders/order/money";
import type { EnrichedOrder } from "../../src/orders/order/order";
import { price } from "../../src/orders/pipeline/price";

const rules = {
  discountThreshold: 50_000,
  discountRate: { numerator: 1000, denominator: 10_000 },
  currency: "USD",
};

function orderOf(...lines: [quantity: number, unitPrice: number][]): EnrichedOrder {
  return {
    id: "42",
    customer: "ACME",
    lines: lines.map(([quantity, unitPrice]) => ({
      sku: "P001",
      quantity,
      productId: "1",
      title: "Product",
      unitPrice,
    })),
  };
}

it("sums quantity times unit price over all lines", () => {
  const order = orderOf([2, 1099], [3, 5]);
  expect(price(order, rules)).toEqual({
    ...order,
    currency: "USD",
    subtotal: 2213,
    discount: 0,
    total: 2213,
  });
});

it("gives no discount at the threshold, and one a cent above it", () => {
  expect(price(orderOf([1, 50_000]), rules)).toMatchObject({ discount: 0, total: 50_000 });
  expect(price(orderOf([1, 50_001]), rules)).toMatchObject({ discount: 5000, total: 45_001 });
});

it("decides on the sum of the lines, not on one of them", () => {
  expect(price(orderOf([1, 25_000], [5, 5001]), rules)).toMatchObject({ discount: 5001 });
});

it("rounds half a cent of discount up", () => {
  expect(price(orderOf([1, 50_005]), rules)).toMatchObject({ discount: 5001, total: 45_004 });
  expect(price(orderOf([1, 50_004]), rules)).toMatchObject({ discount: 5000, total: 45_004 });
});

it("has total = subtotal - discount, exact and never negative, whatever the rules", () => {
  const lines = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 0, max: MAX_UNIT_PRICE })),
    { minLength: 1, maxLength: 200 },
  );
  fc.assert(
    fc.property(lines, fc.nat(10_000), fc.nat(1e12), (lines, numerator, discountThreshold) => {
      const discountRate = { numerator, denominator: 10_000 };
      const priced = price(orderOf(...lines), { ...rules, discountRate, discountThreshold });
      const sum = lines.reduce(
        (sum, [quantity, unit]) => sum + BigInt(quantity) * BigInt(unit),
        0n,
      );
      expect(BigInt(priced.subtotal)).toBe(sum);
      expect(priced.total).toBe(priced.subtotal - priced.discount);
      expect(priced.discount === 0 || priced.subtotal > discountThreshold).toBe(true);
      expect(priced.discount).toBeGreaterThanOrEqual(0);
      expect(priced.total).toBeGreaterThanOrEqual(0);
      expect([priced.subtotal, priced.discount, priced.total].every(Number.isSafeInteger)).toBe(
        true,
      );
    }),
  );
});

it("gives everything away at a rate of 1, and nothing at 0", () => {
  const order = orderOf([1, 60_001]);
  const at = (numerator: number) =>
    price(order, { ...rules, discountRate: { numerator, denominator: 10_000 } });
  expect(at(10_000)).toMatchObject({ discount: 60_001, total: 0 });
  expect(at(0)).toMatchObject({ discount: 0, total: 60_001 });
});
