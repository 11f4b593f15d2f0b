import { INVISIBLE } from "../../lib/visible";
import type { FailureReason } from "../../tasks/model/define";
import { MAX_CUSTOMER_CHARACTERS, MAX_LINES, MAX_ORDER_BYTES, MAX_ORDER_DEPTH } from "./order";
import { MAX_QUANTITY, MAX_SKU_CHARACTERS } from "./order";

/** An order that waits for its products has this error code. */
export const CATALOGUE_WAITING = "catalogue_waiting";

/** An order has this code while it waits for the registry. */
export const REGISTRY_UNAVAILABLE = "registry_unavailable";

/**
 * OrderError is all that can keep an order from being stored. Fields are paths of what was sent.
 */
export type OrderError =
  | { kind: "not_an_order" }
  | { kind: "too_large"; bytes: number }
  | { kind: "too_deep" }
  | { kind: "invalid_id"; given: unknown }
  | { kind: "invalid_customer" }
  | { kind: "no_lines" }
  | { kind: "too_many_lines"; lines: number }
  | { kind: "invalid_line"; index: number }
  | { kind: "invalid_sku"; index: number }
  | { kind: "invalid_quantity"; index: number; given: unknown }
  | { kind: "unknown_sku"; sku: string }
  | { kind: "catalogue_failed"; sku: string; why: string }
  | { kind: "catalogue_unavailable"; sku: string; why: string }
  | { kind: "catalogue_waiting"; sku: string; down: string | null }
  | { kind: "held"; by: string }
  | { kind: "registry_unavailable" }
  /** "duplicate" is found before any work; what only the database knows is found by persist.ts. */
  | { kind: "duplicate"; winner: string };

/** Makes the public reason: a stable code, a message that names the field or SKU, and the stage. */
export function reasonOf(error: OrderError): FailureReason {
  switch (error.kind) {
    case "not_an_order":
      return validation("invalid_order", "An order is a JSON object", "");
    case "too_large": {
      const message = `The order has ${error.bytes} bytes; at most ${MAX_ORDER_BYTES} are allowed`;
      return validation("order_too_large", message, "");
    }
    case "too_deep": {
      const message = `The order is nested deeper than ${MAX_ORDER_DEPTH} levels`;
      return validation("order_too_deep", message, "");
    }
    case "invalid_id": {
      const rule =
        "a positive integer up to 9007199254740991 or 1 to 64 visible characters other than . and ..";
      return validation("invalid_id", `id must be ${rule}, not ${quote(error.given)}`, "id");
    }
    case "invalid_customer": {
      const rule = `1 to ${MAX_CUSTOMER_CHARACTERS} characters, not all of them blank`;
      return validation("invalid_customer", `cliente must be a text of ${rule}`, "cliente");
    }
    case "no_lines": {
      const message = "productos must be a list with at least one product";
      return validation("empty_order", message, "productos");
    }
    case "too_many_lines": {
      const message = `productos has ${error.lines} lines; at most ${MAX_LINES} are allowed`;
      return validation("too_many_lines", message, "productos");
    }
    case "invalid_line": {
      const field = `productos[${error.index}]`;
      return validation("invalid_line", `${field} must be an object with sku and cantidad`, field);
    }
    case "invalid_sku": {
      const field = `productos[${error.index}].sku`;
      const rule = `a text of 1 to ${MAX_SKU_CHARACTERS} characters, not all of them blank`;
      return validation("invalid_sku", `${field} must be ${rule}`, field);
    }
    case "invalid_quantity": {
      const field = `productos[${error.index}].cantidad`;
      const rule = `a whole number from 1 to ${MAX_QUANTITY}`;
      return validation(
        "invalid_quantity",
        `${field} must be ${rule}, not ${quote(error.given)}`,
        field,
      );
    }
    case "unknown_sku":
      return enrichment(
        "unknown_sku",
        `The catalogue has no product for SKU ${quote(error.sku)}`,
        error,
      );
    case "catalogue_failed":
      return enrichment("catalogue_failed", catalogueMessage(error), error);
    case "catalogue_unavailable":
      return enrichment("catalogue_unavailable", catalogueMessage(error), error);
    case "catalogue_waiting":
      return enrichment(CATALOGUE_WAITING, waitingMessage(error), error);
    case "held": {
      const message = `Another task is working on this order id: ${error.by}`;
      return { code: "order_held", message, detail: { stage: "validate", task: error.by } };
    }
    case "registry_unavailable": {
      const message = "The registry of order ids does not answer; the order waits for it";
      return { code: REGISTRY_UNAVAILABLE, message, detail: { stage: "validate" } };
    }
    case "duplicate": {
      const message = `This order id is already stored, by task ${error.winner}`;
      const detail = { stage: "validate", field: "id", winner: error.winner };
      return { code: "duplicate_order", message, detail };
    }
    default:
      return error satisfies never;
  }
}

function validation(code: string, message: string, field: string): FailureReason {
  return { code, message, detail: { stage: "validate", field } };
}

function enrichment(code: string, message: string, { sku }: { sku: string }): FailureReason {
  return { code, message, detail: { stage: "enrich", sku } };
}

function catalogueMessage({ sku, why }: { sku: string; why: string }): string {
  return `The catalogue gave no usable answer for SKU ${quote(sku)}: ${why}`;
}

function waitingMessage({ sku, down }: { sku: string; down: string | null }): string {
  return down === null
    ? `The catalogue has not answered for SKU ${quote(sku)} yet`
    : `The catalogue is down (${down}); SKU ${quote(sku)} waits for it`;
}

// JSON leaves these characters as they are, though they are unseen, break a line or turn the
// reading direction.
const UNSEEN = new RegExp(`(?! )[${INVISIBLE}]`, "gu");
const escape = (character: string) =>
  character.replaceAll(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Quotes a value in a message: short, on one line, control characters escaped. */
function quote(value: unknown): string {
  const text = (JSON.stringify(value) ?? String(value)).slice(0, 200).replaceAll(UNSEEN, escape);
  const characters = Array.from(text);
  return characters.length > 80 ? `${characters.slice(0, 80).join("")}…` : text;
}
