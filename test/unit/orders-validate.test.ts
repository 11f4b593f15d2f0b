import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isRefused } from "../../src/lib/result";
import { reasonOf } from "../../src/orders/order/errors";
import { canonicalId, type ValidOrder } from "../../src/orders/order/order";
import { validate } from "../../src/orders/pipeline/validate";
import { anyJson, hostileText, nearlyAnOrder, validOrder } from "../support/arbitraries";
import { refusalOf } from "../support/result";

const good = { id: 42, cliente: "ACME", productos: [{ sku: "P001", cantidad: 2 }] };
const withLine = (line: unknown) => ({ ...good, productos: [good.productos[0], line] });

it("translates an order's words and keeps its lines in order", () => {
  const productos = [
    { sku: "P002", cantidad: 10_000 },
    { sku: "P001", cantidad: 1 },
  ];
  expect(validate({ id: 42, cliente: "ACME Corp", productos, nota: "urgente" })).toEqual({
    id: "42",
    customer: "ACME Corp",
    lines: [
      { sku: "P002", quantity: 10_000 },
      { sku: "P001", quantity: 1 },
    ],
  });
});

it.each([
  ["null", null],
  ["a list", [good]],
  ["a text", "order"],
  ["a number", 42],
])("refuses %s as an order", (_, input) => {
  expect(refusalOf(validate(input))).toEqual({ kind: "not_an_order" });
});

it.each([[undefined], [null], [0], [-1], [1.5], [2 ** 53], [true], [""], ["a b"], [[42]], [{}]])(
  "refuses the id %j and repeats it",
  (id) => {
    expect(refusalOf(validate({ ...good, id }))).toEqual({ kind: "invalid_id", given: id });
  },
);

it.each([
  ["missing", undefined],
  ["no text", 7],
  ["empty", ""],
  ["blank", " \u00a0 "],
  ["of Hangul fillers", "\u3164 \u115f"],
  ["of Braille blanks", "\u2800\u2800"],
  ["of zero-width spaces", "\u200b\u2060"],
  ["a variation selector of nothing", "\ufe0f"],
  ["too long", "c".repeat(256)],
  ["with a line break", "ACME\nCorp"],
  ["with NUL", "ACME\u0000"],
  ["with a C1 control", "ACME\u0085"],
  ["with half a surrogate pair", "ACME\ud83d"],
])("refuses a customer that is %s", (_, cliente) => {
  expect(refusalOf(validate({ ...good, cliente }))).toEqual({ kind: "invalid_customer" });
});

it.each([["❤️ Corp"], ["ا\u200cب"], ["👩‍🚀"], ["\u3164ACME"]])(
  "keeps a customer as it is: %j",
  (cliente) => {
    expect(validate({ ...good, cliente })).toHaveProperty("customer", cliente);
  },
);

it.each([[undefined], [null], [{}], ["P001"], [[]], [{ length: 1, 0: good.productos[0] }]])(
  "refuses %j as products",
  (productos) => {
    expect(refusalOf(validate({ ...good, productos }))).toEqual({ kind: "no_lines" });
  },
);

it("takes 200 lines and refuses 201", () => {
  const lines = (count: number) => Array.from({ length: count }, () => good.productos[0]);
  expect(validate({ ...good, productos: lines(200) })).toHaveProperty("lines.length", 200);
  expect(refusalOf(validate({ ...good, productos: lines(201) }))).toEqual({
    kind: "too_many_lines",
    lines: 201,
  });
});

it.each([[null], ["P001"], [3], [[]]])("names the line that is %j", (line) => {
  expect(refusalOf(validate(withLine(line)))).toEqual({ kind: "invalid_line", index: 1 });
});

it.each([
  [undefined],
  [7],
  [""],
  ["  "],
  ["\u3164"],
  ["\u2800"],
  ["S".repeat(65)],
  ["P\t1"],
  ["P\ud800"],
])("names the line whose SKU is %j", (sku) => {
  expect(refusalOf(validate(withLine({ sku, cantidad: 1 })))).toEqual({
    kind: "invalid_sku",
    index: 1,
  });
});

it.each([[undefined], [null], ["2"], [0], [-0], [-1], [1.5], [10_001], [1e21], [true]])(
  "names the line whose quantity is %j, and repeats it",
  (cantidad) => {
    const expected = { kind: "invalid_quantity", index: 1, given: cantidad };
    expect(refusalOf(validate(withLine({ sku: "P001", cantidad })))).toEqual(expected);
  },
);

it("reports the first fault, from the order's id to its last line", () => {
  const productos = [{ sku: "", cantidad: 0 }, null];
  expect(refusalOf(validate({ id: 0, cliente: "", productos: [] }))).toHaveProperty(
    "kind",
    "invalid_id",
  );
  expect(refusalOf(validate({ ...good, cliente: "", productos: [] }))).toEqual({
    kind: "invalid_customer",
  });
  expect(refusalOf(validate({ ...good, productos }))).toEqual({ kind: "invalid_sku", index: 0 });
});

it("reads only an order's own members, whatever their names", () => {
  const input: unknown = JSON.parse(
    `{"__proto__": {"id": 1}, "cliente": "ACME", "productos": [{"sku": "P1", "cantidad": 1}]}`,
  );
  expect(refusalOf(validate(input))).toEqual({ kind: "invalid_id", given: undefined });
});

it("accepts every order that keeps the rules, and changes nothing in it but words", () => {
  fc.assert(
    fc.property(validOrder, (order) => {
      expect(validate(order)).toEqual({
        id: String(order.id),
        customer: order.cliente,
        lines: order.productos.map(({ sku, cantidad }) => ({ sku, quantity: cantidad })),
      });
    }),
  );
});

it("answers any JSON with an order that keeps every rule, or with an error, and never throws", () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.oneof(nearlyAnOrder, nearlyAnOrder, anyJson), (input) => {
      const result = validate(input);
      if (isRefused(result)) {
        refused += 1;
        expect(reasonOf(result.why).detail).toHaveProperty("stage", "validate");
      } else {
        accepted += 1;
        expectRules(result);
      }
    }),
    { numRuns: 2000 },
  );
  expect(Math.min(accepted, refused)).toBeGreaterThan(20);
});

it("never lets a hostile text into an order that breaks its rules", () => {
  fc.assert(
    fc.property(hostileText, fc.constantFrom("id", "cliente", "sku"), (text, where) => {
      const order =
        where === "sku"
          ? { ...good, productos: [{ sku: text, cantidad: 1 }] }
          : { ...good, [where]: text };
      const result = validate(order);
      if (!isRefused(result)) {
        expectRules(result);
      }
    }),
    { numRuns: 1000 },
  );
});

/** Checks the rules of an order, said again in other words. */
function expectRules(order: ValidOrder): void {
  expect(Object.keys(order).toSorted()).toEqual(["customer", "id", "lines"]);
  expect(canonicalId(order.id)).toBe(order.id);
  expectText(order.customer, 255);
  expect(order.lines.length).toBeGreaterThanOrEqual(1);
  expect(order.lines.length).toBeLessThanOrEqual(200);
  for (const line of order.lines) {
    expect(Object.keys(line).toSorted()).toEqual(["quantity", "sku"]);
    expectText(line.sku, 64);
    expect(Number.isInteger(line.quantity) && line.quantity >= 1 && line.quantity <= 10_000).toBe(
      true,
    );
  }
}

function expectText(text: string, max: number): void {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  expect(points.length).toBeLessThanOrEqual(max);
  expect(text.isWellFormed()).toBe(true);
  expect(text.trim()).not.toBe("");
  expect(points.filter((point) => point < 32 || (point >= 127 && point < 160))).toEqual([]);
}
