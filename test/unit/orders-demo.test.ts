import { expect, it } from "vitest";
import { isRefused } from "../../src/lib/result";
import { demoOrders } from "../../src/orders/demo/demo";
import { validate } from "../../src/orders/pipeline/validate";
import { seededRandom } from "../support/random";

const VALID_SKUS = ["P001", "P002", "P003", "P004", "P008", "P015", "P020"];
const UNKNOWN_SKUS = ["P999", "P888", "INVALID_SKU"];

it("makes as many orders as asked, their ids in a row", () => {
  const orders = demoOrders(1_700_000_000_000, 10, seededRandom(1));
  expect(orders.map(({ id }) => id)).toEqual(
    Array.from({ length: 10 }, (_, index) => 1_700_000_000_000 + index),
  );
});

it("leaves the first and sixth of every ten empty, and only these", () => {
  const orders = demoOrders(1, 40, seededRandom(2));
  const empty = orders.flatMap(({ productos }, index) => (productos.length === 0 ? [index] : []));
  expect(empty).toEqual([0, 5, 10, 15, 20, 25, 30, 35]);
});

it("has one to three lines of one to five pieces, all of which occur", () => {
  const orders = demoOrders(1, 2000, seededRandom(3)).filter((_, index) => index % 5 !== 0);
  const lengths = new Set(orders.map(({ productos }) => productos.length));
  const quantities = new Set(orders.flatMap(({ productos }) => productos.map((l) => l.cantidad)));
  expect(lengths).toEqual(new Set([1, 2, 3]));
  expect(quantities).toEqual(new Set([1, 2, 3, 4, 5]));
});

it("uses every SKU it may, known and unknown, and four known in five", () => {
  const skus = demoOrders(1, 20_000, seededRandom(4)).flatMap(({ productos }) =>
    productos.map(({ sku }) => sku),
  );
  expect([...new Set(skus)].toSorted()).toEqual([...VALID_SKUS, ...UNKNOWN_SKUS].toSorted());
  const valid = skus.filter((sku) => VALID_SKUS.includes(sku)).length / skus.length;
  expect(valid).toBeGreaterThan(0.79);
  expect(valid).toBeLessThan(0.81);
});

it("makes orders of the right structure but for the empty ones", () => {
  for (const [index, order] of demoOrders(1, 200, seededRandom(5)).entries()) {
    const result = validate(order);
    expect(isRefused(result) ? result.why.kind : "valid").toBe(
      index % 5 === 0 ? "no_lines" : "valid",
    );
  }
});

it.each([[0], [1 - Number.EPSILON]])("stays within its lists when random gives %d", (random) => {
  for (const { cliente, productos } of demoOrders(1, 10, () => random)) {
    expect(cliente).toEqual(expect.any(String));
    for (const { sku, cantidad } of productos) {
      expect([...VALID_SKUS, ...UNKNOWN_SKUS]).toContain(sku);
      expect(cantidad).toBe(random === 0 ? 1 : 5);
    }
  }
});
