import { Refused, type Result } from "../../lib/result";
import { priceToMinorUnits } from "../order/money";

export interface Product {
  id: string;
  title: string;
  /** The price in minor units. */
  unitPrice: number;
}

export type NotRead = { kind: "unknown" } | { kind: "unusable"; why: string };

const MAX_TITLE_CHARACTERS = 500;

/** Returns the product id of a SKU: its digits without leading zeros, or null if it has none. */
export function productIdOf(sku: string): string | null {
  const digits = sku.replaceAll(/[^0-9]/g, "").replace(/^0+(?=.)/, "");
  return digits === "" ? null : digits;
}

/** Reads a 200 answer: a product, nothing ("unknown"), or something unusable. */
export function readProduct(id: string, text: string): Result<Product, NotRead> {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "null") {
    return new Refused({ kind: "unknown" });
  }
  let body: unknown;
  try {
    body = JSON.parse(trimmed);
  } catch {
    return unusable("its answer is not JSON");
  }
  if (typeof body !== "object" || body === null) {
    return unusable("its answer is no product");
  }
  const { id: answered, title, price } = body as Record<string, unknown>;
  if (answered !== Number(id) && answered !== id) {
    return unusable("its answer is about another product");
  }
  const unitPrice = priceToMinorUnits(price);
  if (unitPrice === null) {
    return unusable("its answer has no usable price");
  }
  if (typeof title !== "string") {
    return unusable("its answer has no title");
  }
  return { id, title: title.slice(0, MAX_TITLE_CHARACTERS).toWellFormed(), unitPrice };
}

function unusable(why: string): Refused<NotRead> {
  return new Refused({ kind: "unusable", why });
}
