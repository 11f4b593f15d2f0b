import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isRefused } from "../../src/lib/result";
import { productIdOf, readProduct } from "../../src/orders/catalogue/product";
import { anyJson, hostileText } from "../support/arbitraries";
import { refusalOf } from "../support/result";

const answer = (body: unknown) => readProduct("4", JSON.stringify(body));

it.each([
  ["P004", "4"],
  ["4", "4"],
  ["P-0-0-4", "4"],
  ["SKU10B2", "102"],
  ["P100", "100"],
  ["P000", "0"],
  ["0", "0"],
])("takes SKU %s for product %s", (sku, id) => {
  expect(productIdOf(sku)).toBe(id);
});

it.each([["INVALID_SKU"], ["-"], [""], ["٤"], ["４"], ["²"]])(
  "finds no product in SKU %j",
  (sku) => {
    expect(productIdOf(sku)).toBeNull();
  },
);

it("gives for any SKU its ASCII digits as a number without leading zeros, safe in a URL", () => {
  fc.assert(
    fc.property(fc.oneof(hostileText, fc.stringMatching(/^[P0-9./?-]{0,64}$/)), (sku) => {
      const digits = sku
        .split("")
        .filter((unit) => "0123456789".includes(unit))
        .join("");
      expect(productIdOf(sku)).toBe(digits === "" ? null : BigInt(digits).toString());
    }),
    { numRuns: 500 },
  );
});

it("reads a product, its price in minor units", () => {
  const body = { id: 4, title: "Camisa", price: 15.99, category: "ropa" };
  expect(answer(body)).toEqual({ id: "4", title: "Camisa", unitPrice: 1599 });
});

it("reads a product whose id is sent as text", () => {
  expect(answer({ id: "4", title: "Camisa", price: 0 })).toMatchObject({ id: "4", unitPrice: 0 });
});

it.each([[""], ["null"], ["  \n"], [" null\n"]])(
  "takes the body %j for an unknown product",
  (text) => {
    expect(refusalOf(readProduct("4", text))).toEqual({ kind: "unknown" });
  },
);

it.each([
  ["no JSON", "<html>502</html>"],
  ["cut short", `{"id":4,"title":"Cami`],
  ["a number", "4"],
  ["a text", `"null"`],
  ["false", "false"],
  ["a list", "[]"],
  ["a list of products", `[{"id":4,"title":"Camisa","price":1}]`],
  ["an empty object", "{}"],
  ["another product", `{"id":5,"title":"Camisa","price":1}`],
  ["another id of equal value", `{"id":"04","title":"Camisa","price":1}`],
  ["no price", `{"id":4,"title":"Camisa"}`],
  ["a price in text", `{"id":4,"title":"Camisa","price":"15.99"}`],
  ["a negative price", `{"id":4,"title":"Camisa","price":-1}`],
  ["an absurd price", `{"id":4,"title":"Camisa","price":1e300}`],
  ["an infinite price", `{"id":4,"title":"Camisa","price":1e999}`],
  ["no title", `{"id":4,"price":1}`],
  ["a title that is no text", `{"id":4,"title":7,"price":1}`],
  ["an id in a list", `{"id":["4"],"title":"Camisa","price":1}`],
])("takes an answer that is %s for unusable", (_, text) => {
  expect(refusalOf(readProduct("4", text))).toHaveProperty("kind", "unusable");
});

it("cuts an endless title short and keeps it well formed", () => {
  const product = answer({ id: 4, title: `${"x".repeat(499)}💥💥`, price: 1 });
  const { title } = product as { title: string };
  expect(title.length).toBe(500);
  expect(title.isWellFormed()).toBe(true);
});

it("never throws: any answer is a product with a whole price, unknown, or unusable", () => {
  const nearly = fc.record(
    {
      id: fc.oneof(fc.constant(4), anyJson),
      title: fc.oneof(fc.constant("Camisa"), anyJson),
      price: fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), anyJson),
    },
    { requiredKeys: [] },
  );
  const text = fc.oneof(nearly, anyJson).map((body) => JSON.stringify(body));
  fc.assert(
    fc.property(fc.oneof(text, hostileText), (body) => {
      const result = readProduct("4", body);
      if (!isRefused(result)) {
        expect(result.id).toBe("4");
        expect(Number.isSafeInteger(result.unitPrice) && result.unitPrice >= 0).toBe(true);
        expect(result.title.isWellFormed()).toBe(true);
      }
    }),
    { numRuns: 1000, examples: [[`{"id":{"toString":1},"title":"Camisa","price":1}`]] },
  );
});
