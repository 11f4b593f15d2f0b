import { INVISIBLE } from "../../lib/visible";

/** Each stage takes the type that the stage before made, so the compiler checks their order. */

/** The task that processes an order has this name. */
export const ORDER_TASK = "pedidos.procesar";

export const STAGES = ["validate", "enrich", "price", "persist"] as const;
export type Stage = (typeof STAGES)[number];

export interface ValidLine {
  sku: string;
  /** The quantity is from 1 to 10,000. */
  quantity: number;
}

/** ValidOrder is an order whose structure is right. */
export interface ValidOrder {
  /**
   * The canonical id: 42 and "42" are the same order, and so are "é" in one character and in two.
   */
  id: string;
  customer: string;
  lines: ValidLine[];
}

export interface EnrichedLine extends ValidLine {
  productId: string;
  title: string;
  /** The price in minor units. */
  unitPrice: number;
}

/** EnrichedOrder adds what the catalogue says of every line. */
export interface EnrichedOrder extends ValidOrder {
  lines: EnrichedLine[];
}

/** PricedOrder adds the order's sums, in minor units. */
export interface PricedOrder extends EnrichedOrder {
  currency: string;
  subtotal: number;
  discount: number;
  total: number;
}

/** StoredOrder is an order as the database keeps it. */
export interface StoredOrder extends PricedOrder {
  /** The SHA-256 of the canonical order and its enrichment, in hex. */
  hash: string;
  processedAt: number;
}

export const MAX_LINES = 200;
export const MAX_QUANTITY = 10_000;
export const MAX_SKU_CHARACTERS = 64;
export const MAX_CUSTOMER_CHARACTERS = 255;
export const MAX_ID_CHARACTERS = 64;
export const MAX_ORDER_BYTES = 65_536;
/** A good order is three levels deep, and D1 reads JSON of up to a thousand levels. */
export const MAX_ORDER_DEPTH = 32;

// "." and ".." are visible, but no URL can name them: /api/pedidos/.. is /api.
const VISIBLE = new RegExp(`^(?!\\.{1,2}$)[^\\p{C}${INVISIBLE}]{1,64}$`, "u");

/**
 * Returns the canonical id, or null when it is none by the order rules. Texts that Unicode calls
 * equivalent are one id, as nobody can tell them apart. Others, such as "²" and "2", look different
 * and stay so.
 */
export function canonicalId(id: unknown): string | null {
  if (typeof id === "number") {
    return Number.isSafeInteger(id) && id > 0 ? String(id) : null;
  }
  const text = typeof id === "string" ? id.normalize("NFC") : "";
  return VISIBLE.test(text) ? text : null;
}
