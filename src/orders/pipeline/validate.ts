import { isVisible } from "../../lib/visible";
import { toExact } from "../../lib/exact-json";
import { isRecord } from "../../lib/record";
import { isRefused, Refused, type Result } from "../../lib/result";
import type { OrderError } from "../order/errors";
import {
  canonicalId,
  MAX_CUSTOMER_CHARACTERS,
  MAX_LINES,
  MAX_QUANTITY,
  MAX_SKU_CHARACTERS,
  type ValidLine,
  type ValidOrder,
} from "../order/order";

const CONTROL = /\p{Cc}|\p{Cs}/u;

/**
 * Stage 1 checks the order, whose numbers are as sent (lib/exact-json.ts), and translates its words
 * (`cliente`, `productos`). It is pure.
 */
export function validate(input: unknown): Result<ValidOrder, OrderError> {
  if (!isRecord(input)) {
    return new Refused({ kind: "not_an_order" });
  }
  const id = canonicalId(toExact(input["id"]));
  if (id === null) {
    return new Refused({ kind: "invalid_id", given: input["id"] });
  }
  const customer = input["cliente"];
  if (!isText(customer, MAX_CUSTOMER_CHARACTERS)) {
    return new Refused({ kind: "invalid_customer" });
  }
  const products = input["productos"];
  if (!Array.isArray(products) || products.length === 0) {
    return new Refused({ kind: "no_lines" });
  }
  if (products.length > MAX_LINES) {
    return new Refused({ kind: "too_many_lines", lines: products.length });
  }
  const lines: ValidLine[] = [];
  for (const [index, product] of products.entries()) {
    const line = validateLine(product, index);
    if (isRefused(line)) {
      return line;
    }
    lines.push(line);
  }
  return { id, customer, lines };
}

function validateLine(product: unknown, index: number): Result<ValidLine, OrderError> {
  if (!isRecord(product)) {
    return new Refused({ kind: "invalid_line", index });
  }
  const { sku, cantidad } = product;
  if (!isText(sku, MAX_SKU_CHARACTERS)) {
    return new Refused({ kind: "invalid_sku", index });
  }
  const quantity = toExact(cantidad);
  if (!isWhole(quantity) || quantity < 1 || quantity > MAX_QUANTITY) {
    return new Refused({ kind: "invalid_quantity", index, given: cantidad });
  }
  return { sku, quantity };
}

const isWhole = (value: unknown): value is number => Number.isInteger(value);

/** Tells whether a value is visible, well-formed text of at most `max` characters, no controls. */
function isText(value: unknown, max: number): value is string {
  if (typeof value !== "string" || value.length > max * 2 || !isVisible(value)) {
    return false;
  }
  return Array.from(value).length <= max && !CONTROL.test(value);
}
