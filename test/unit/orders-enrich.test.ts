import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isRefused, Refused } from "../../src/lib/result";
import type { Lookup } from "../../src/orders/catalogue/catalogue";
import { enrich, productsOf } from "../../src/orders/pipeline/enrich";
import { refusalOf } from "../support/result";

const product = (id: string, unitPrice = 100) => ({ id, title: `Product ${id}`, unitPrice });
const sick = new Refused({ kind: "sick", why: "it answered 503", failedAt: 1, until: 2 });
const down = new Refused({ kind: "down", why: "it answered 503" });
const refused = new Refused({ kind: "refused", why: "it answered 400" });
const waiting = new Refused({ kind: "not_known", waitMs: 500 });
const unknown = new Refused({ kind: "unknown" });

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
    ["1", sick],
    ["2", unknown],
    ["3", waiting],
  ]);
  const expected = { kind: "unknown_sku", sku: "P002" };
  expect(refusalOf(enrich(orderOf("P001", "P003", "P002"), products))).toEqual(expected);
  expect(refusalOf(enrich(orderOf("P002", "P003", "P001"), products))).toEqual(expected);
});

it("takes a SKU without a digit for unknown, without asking", () => {
  expect(productsOf(orderOf("INVALID_SKU", "P001", "X-1"))).toEqual(["1"]);
  const products = new Map([["1", sick]]);
  expect(refusalOf(enrich(orderOf("P001", "INVALID_SKU"), products))).toEqual({
    kind: "unknown_sku",
    sku: "INVALID_SKU",
  });
});

it.each<[Lookup, object]>([
  [refused, { kind: "refused", why: "it answered 400" }],
  [down, { kind: "down", why: "it answered 503" }],
  [sick, { kind: "sick", why: "it answered 503", failedAt: 1, until: 2 }],
  [waiting, { kind: "not_known", waitMs: 500 }],
])("says what it lacks a product for: %j", (lookup, expected) => {
  const products = new Map<string, Lookup>([
    ["1", product("1")],
    ["2", lookup],
  ]);
  const lack = refusalOf(enrich(orderOf("P001", "P002"), products));
  expect(lack).toEqual({ sku: "P002", ...expected });
});

it("takes a product that nothing is said of for one that is not known yet", () => {
  const lack = refusalOf(enrich(orderOf("P001"), new Map()));
  expect(lack).toMatchObject({ kind: "not_known", sku: "P001" });
});

it("ranks any mix of answers: unknown, refused, down, sick, not known, enriched", () => {
  const ranked = ["unknown_sku", "refused", "down", "sick", "not_known"] as const;
  const values: Record<string, Lookup> = {
    unknown_sku: unknown,
    refused,
    down,
    sick,
    not_known: waiting,
  };
  const lookups = fc.array(fc.constantFrom("known", ...ranked), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(lookups, (answers) => {
      const products = new Map<string, Lookup>(
        answers.map((answer, index) => [`${index}`, values[answer] ?? product(`${index}`)]),
      );
      const order = orderOf(...answers.map((_, index) => `P${index}`));
      const result = enrich(order, products);
      const kind = ranked.find((each) => answers.includes(each));
      expect(isRefused(result) ? result.why.kind : undefined).toBe(kind);
      if (!isRefused(result)) {
        expect(result.lines.map(({ sku, quantity }) => ({ sku, quantity }))).toEqual(order.lines);
        expect(result.lines.map(({ productId }) => `P${productId}`)).toEqual(
          order.lines.map(({ sku }) => sku),
        );
      }
    }),
    { numRuns: 500 },
  );
});
