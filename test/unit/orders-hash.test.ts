import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Lookup } from "../../src/orders/catalogue/catalogue";
import { productIdOf } from "../../src/orders/catalogue/product";
import { enrich } from "../../src/orders/pipeline/enrich";
import { sha256Hex } from "../../src/lib/hex";
import { canonicalText } from "../../src/orders/order/hash";
import type { EnrichedLine, PricedOrder } from "../../src/orders/order/order";
import { price } from "../../src/orders/pipeline/price";
import { validate } from "../../src/orders/pipeline/validate";
import { hostileText } from "../support/arbitraries";
import { grantedOf } from "../support/result";

const rules = {
  discountThreshold: 50_000,
  discountRate: { numerator: 1000, denominator: 10_000 },
  currency: "USD",
};

/** Takes JSON text through the pure stages; every SKU with a digit is a product. */
function pricedFrom(json: string): PricedOrder {
  const order = grantedOf(validate(JSON.parse(json)));
  const products = new Map<string, Lookup>();
  for (const { sku } of order.lines) {
    const id = productIdOf(sku) ?? "";
    products.set(id, { id, title: `Product ${id}`, unitPrice: 100 + id.length });
  }
  return price(grantedOf(enrich(order, products)), rules);
}

const sentOrder = fc.record({
  id: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  cliente: fc.stringMatching(/^[A-Za-zñ" \\]{0,20}x$/),
  productos: fc.array(
    fc.record({
      sku: fc.stringMatching(/^[A-Z"]{0,5}\d{1,4}$/),
      cantidad: fc.integer({ min: 1, max: 10_000 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

it("does not depend on the order of JSON members, nor on whether the id is quoted", () => {
  fc.assert(
    fc.property(sentOrder, ({ id, cliente, productos }) => {
      const one = JSON.stringify({ id, cliente, productos });
      const other = JSON.stringify(
        {
          productos: productos.map(({ sku, cantidad }) => ({ cantidad, sku })),
          cliente,
          id: String(id),
        },
        null,
        2,
      );
      expect(canonicalText(pricedFrom(other))).toBe(canonicalText(pricedFrom(one)));
    }),
  );
});

it("changes with anything of any line", () => {
  const changes: ((line: EnrichedLine) => EnrichedLine)[] = [
    (line) => ({ ...line, sku: `${line.sku}x` }),
    (line) => ({ ...line, quantity: line.quantity + 1 }),
    (line) => ({ ...line, productId: `${line.productId}0` }),
    (line) => ({ ...line, title: `${line.title} ` }),
    (line) => ({ ...line, unitPrice: line.unitPrice + 1 }),
  ];
  fc.assert(
    fc.property(sentOrder, fc.nat(), (sent, at) => {
      const order = pricedFrom(JSON.stringify(sent));
      const index = at % order.lines.length;
      const texts = changes.map((change) =>
        canonicalText({
          ...order,
          lines: order.lines.map((line, i) => (i === index ? change(line) : line)),
        }),
      );
      expect(new Set([canonicalText(order), ...texts]).size).toBe(changes.length + 1);
    }),
  );
});

it("changes with a line more, a line less, and the order of different lines", () => {
  const line = (sku: string) => ({ sku, cantidad: 1 });
  const text = (...productos: object[]) =>
    canonicalText(pricedFrom(JSON.stringify({ id: 1, cliente: "ACME", productos })));
  const texts = [
    text(line("P1")),
    text(line("P1"), line("P1")),
    text(line("P1"), line("P2")),
    text(line("P2"), line("P1")),
    text({ ...line("P1"), cantidad: 2 }),
  ];
  expect(new Set(texts).size).toBe(texts.length);
});

it("changes with the id, the customer and the currency", () => {
  const order = pricedFrom(`{"id":1,"cliente":"A","productos":[{"sku":"P1","cantidad":1}]}`);
  const texts = [
    order,
    { ...order, id: "2" },
    { ...order, customer: "B" },
    { ...order, currency: "EUR" },
  ].map(canonicalText);
  expect(new Set(texts).size).toBe(4);
});

it("keeps neighbouring members apart, whatever text is in them", () => {
  const order = pricedFrom(`{"id":1,"cliente":"A","productos":[{"sku":"P1","cantidad":1}]}`);
  fc.assert(
    fc.property(hostileText, hostileText, (text, moved) => {
      fc.pre(moved !== "");
      const one = canonicalText({ ...order, id: text + moved, customer: text });
      const other = canonicalText({ ...order, id: text, customer: moved + text });
      expect(one).not.toBe(other);
    }),
  );
});

it.each([
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["ñandú 💥", "1595c1dea24f93d6752c41c39b4cda5ec2199298009ba01db32adc7d6bb32d7e"],
])("is the SHA-256 of the UTF-8 of %j, as 64 hex digits", async (text, expected) => {
  expect(await sha256Hex(text)).toBe(expected);
  expect(await sha256Hex(new TextEncoder().encode(text))).toBe(expected);
});
