import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Lookup } from "../../src/orders/catalogue";
import { enrich, productsOf } from "../../src/orders/enrich";

const product = (id: string, unitPrice = 100) => ({ id, title: `Product ${id}`, unitPrice });
const failed = { failed: "it answered 503" };

function orderOf(...skus: string[]) {
  const lines = skus.map((sku, index) => ({ sku, quantity: index + 1 }));
  return { id: "42", customer: "ACME", lines };
}

it("puts product and price to every line, in the order of the lines", () => {
  const products = new Map([
    ["1", product("1", 100)],
    ["2", product("2", 250)],
  ]);
  expect(enrich(orderOf("P002", "P001", "X-2"), products)).toEqual({
    id: "42",
    customer: "ACME",
    lines: [
      { sku: "P002", quantity: 1, productId: "2", title: "Product 2", unitPrice: 250 },
      { sku: "P001", quantity: 2, productId: "1", title: "Product 1", unitPrice: 100 },
      { sku: "X-2", quantity: 3, productId: "2", title: "Product 2", unitPrice: 250 },
    ],
  });
});

it("fails for an unknown SKU, whatever else got no answer, and names the SKU as sent", () => {
  const products = new Map<string, Lookup>([
    ["1", failed],
    ["2", "unknown"],
    ["3", "notAsked"],
  ]);
  const expected = { kind: "unknown_sku", sku: "P002" };
  expect(enrich(orderOf("P001", "P003", "P002"), products)).toEqual(expected);
  expect(enrich(orderOf("P002", "P003", "P001"), products)).toEqual(expected);
});

it("takes a SKU without a digit for unknown, without asking", () => {
  expect(productsOf(orderOf("INVALID_SKU", "P001"))).toEqual(["1"]);
  expect(enrich(orderOf("P001", "INVALID_SKU"), new Map([["1", failed]]))).toEqual({
    kind: "unknown_sku",
    sku: "INVALID_SKU",
  });
});

it("says why the catalogue did not answer", () => {
  const products = new Map<string, Lookup>([
    ["1", product("1")],
    ["2", failed],
  ]);
  expect(enrich(orderOf("P001", "P002"), products)).toEqual({
    kind: "no_answer",
    sku: "P002",
    why: "it answered 503",
  });
});

it("says that the catalogue was down, whatever it did not answer before", () => {
  const down = { failed: "it is down", notCalled: true } as const;
  const products = new Map<string, Lookup>([
    ["1", failed],
    ["2", down],
  ]);
  const expected = { kind: "no_answer", sku: "P002", why: "it is down", notCalled: true };
  expect(enrich(orderOf("P001", "P002"), products)).toEqual(expected);
  expect(enrich(orderOf("P002", "P001"), products)).toEqual(expected);
});

it("was not asked when a product was left out for lack of time", () => {
  const products = new Map<string, Lookup>([
    ["1", product("1")],
    ["2", "notAsked"],
  ]);
  expect(enrich(orderOf("P001", "P002"), products)).toEqual({ kind: "not_asked", sku: "P002" });
  expect(enrich(orderOf("P003", "P001"), products)).toEqual({ kind: "not_asked", sku: "P003" });
});

it("prefers what the catalogue did not answer to what it was not asked", () => {
  const products = new Map<string, Lookup>([
    ["1", "notAsked"],
    ["2", failed],
  ]);
  for (const skus of [
    ["P1", "P2"],
    ["P2", "P1"],
  ]) {
    expect(enrich(orderOf(...skus), products)).toMatchObject({ kind: "no_answer", sku: "P2" });
  }
});

it("ranks any mix of answers: unknown, no answer, not asked, enriched", () => {
  const lookups = fc.array(fc.constantFrom("known", "unknown", "failed", "notAsked", "missing"), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(lookups, (answers) => {
      const products = new Map<string, Lookup>();
      const values = { failed, unknown: "unknown", notAsked: "notAsked" } as const;
      for (const [index, answer] of answers.entries()) {
        if (answer !== "missing") {
          products.set(`${index}`, answer === "known" ? product(`${index}`) : values[answer]);
        }
      }
      const order = orderOf(...answers.map((_, index) => `P${index}`));
      const result = enrich(order, products);
      const kind = answers.includes("unknown")
        ? "unknown_sku"
        : answers.includes("failed")
          ? "no_answer"
          : answers.some((answer) => answer !== "known")
            ? "not_asked"
            : undefined;
      expect("kind" in result ? result.kind : undefined).toBe(kind);
      if (!("kind" in result)) {
        expect(result.lines.map(({ sku, quantity }) => ({ sku, quantity }))).toEqual(order.lines);
        expect(result.lines.map(({ productId }) => `P${productId}`)).toEqual(
          order.lines.map(({ sku }) => sku),
        );
      }
    }),
    { numRuns: 500 },
  );
});
