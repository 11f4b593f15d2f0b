import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type OrderError, reasonOf } from "../../src/orders/order/errors";
import { anyJson, hostileText } from "../support/arbitraries";

type Kind = OrderError["kind"];
type ErrorOf<K extends Kind> = Extract<OrderError, { kind: K }>;

/**
 * Each kind has an example, its public code, its stage, and the field or SKU that its words name.
 */
const cases: { [K in Kind]: [error: ErrorOf<K>, code: string, stage: string, named: string] } = {
  not_an_order: [{ kind: "not_an_order" }, "invalid_order", "validate", "JSON object"],
  too_large: [{ kind: "too_large", bytes: 70_000 }, "order_too_large", "validate", "70000"],
  too_deep: [{ kind: "too_deep" }, "order_too_deep", "validate", "32"],
  invalid_id: [{ kind: "invalid_id", given: -1 }, "invalid_id", "validate", "id"],
  invalid_customer: [{ kind: "invalid_customer" }, "invalid_customer", "validate", "cliente"],
  no_lines: [{ kind: "no_lines" }, "empty_order", "validate", "productos"],
  too_many_lines: [
    { kind: "too_many_lines", lines: 201 },
    "too_many_lines",
    "validate",
    "productos",
  ],
  invalid_line: [{ kind: "invalid_line", index: 3 }, "invalid_line", "validate", "productos[3]"],
  invalid_sku: [{ kind: "invalid_sku", index: 3 }, "invalid_sku", "validate", "productos[3].sku"],
  invalid_quantity: [
    { kind: "invalid_quantity", index: 3, given: 0 },
    "invalid_quantity",
    "validate",
    "productos[3].cantidad",
  ],
  unknown_sku: [{ kind: "unknown_sku", sku: "P999" }, "unknown_sku", "enrich", "P999"],
  catalogue_failed: [
    { kind: "catalogue_failed", sku: "P001", why: "it answered 503" },
    "catalogue_failed",
    "enrich",
    "P001",
  ],
  catalogue_unavailable: [
    { kind: "catalogue_unavailable", sku: "P001", why: "it answered 503" },
    "catalogue_unavailable",
    "enrich",
    "P001",
  ],
  catalogue_waiting: [
    { kind: "catalogue_waiting", sku: "P001", down: "it answered 503" },
    "catalogue_waiting",
    "enrich",
    "P001",
  ],
  held: [{ kind: "held", by: "task-1" }, "order_held", "validate", "task-1"],
  registry_unavailable: [
    { kind: "registry_unavailable" },
    "registry_unavailable",
    "validate",
    "registry",
  ],
  duplicate: [{ kind: "duplicate", winner: "task-1" }, "duplicate_order", "validate", "task-1"],
};

it.each(Object.values(cases))("gives %j the code %s at stage %s", (error, code, stage, named) => {
  const reason = reasonOf(error);
  expect(reason.code).toBe(code);
  expect(reason.detail).toHaveProperty("stage", stage);
  expect(reason.message).toContain(named);
});

it("has a code of its own for every kind", () => {
  const codes = Object.values(cases).map(([error]) => reasonOf(error).code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  }
});

it("says of an order that waits what it waits for, not that it failed", () => {
  const waiting = (down: string | null) =>
    reasonOf({ kind: "catalogue_waiting", sku: "P001", down }).message;
  expect(waiting(null)).toBe('The catalogue has not answered for SKU "P001" yet');
  expect(waiting("it answered 503")).toBe(
    'The catalogue is down (it answered 503); SKU "P001" waits for it',
  );
});

it("names the field as a path of the order as sent", () => {
  expect(reasonOf({ kind: "invalid_id", given: null }).detail).toHaveProperty("field", "id");
  expect(reasonOf({ kind: "invalid_quantity", index: 7, given: 0 }).detail).toHaveProperty(
    "field",
    "productos[7].cantidad",
  );
});

it("shows what nobody sees by its number", () => {
  const { message } = reasonOf({ kind: "invalid_id", given: "a\u3164\u2800 \u{e0061}b" });
  expect(message).toContain('"a\\u3164\\u2800 \\udb40\\udc61b"');
});

it("repeats what was given, readable", () => {
  expect(reasonOf({ kind: "invalid_id", given: "a b" }).message).toContain('"a b"');
  expect(reasonOf({ kind: "invalid_id", given: undefined }).message).toContain("undefined");
  const quantity = reasonOf({ kind: "invalid_quantity", index: 0, given: 2.5 });
  expect(quantity.message).toContain("not 2.5");
});

function errorsWith(text: string, value: unknown): OrderError[] {
  return [
    { kind: "invalid_id", given: value },
    { kind: "invalid_id", given: text },
    { kind: "invalid_quantity", index: 0, given: value },
    { kind: "unknown_sku", sku: text.slice(0, 64) },
    { kind: "catalogue_failed", sku: text.slice(0, 64), why: "it answered 503" },
  ];
}

it("keeps messages short, whatever was sent", () => {
  fc.assert(
    fc.property(hostileText, anyJson, (text, value) => {
      for (const error of errorsWith(text, value)) {
        expect(reasonOf(error).message.length).toBeLessThanOrEqual(250);
      }
    }),
    { numRuns: 500 },
  );
});

it("keeps messages on one line and without control characters, whatever was sent", () => {
  fc.assert(
    fc.property(hostileText, anyJson, (text, value) => {
      for (const error of errorsWith(text, value)) {
        expect(reasonOf(error).message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }
    }),
    {
      numRuns: 500,
      examples: [
        ["\u0085", 0],
        ["\u007f", 0],
        ["a\nb\u0000", 0],
        ["\u2028", 0],
      ],
    },
  );
});
