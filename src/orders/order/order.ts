import { INVISIBLE } from "../../lib/visible";

/** The stages' types: each stage takes the one before, so the compiler checks their order. */

/** The name of the task that processes an order. */
export const ORDER_TASK = "pedidos.procesar";

export const STAGES = ["validate", "enrich", "price", "persist"] as const;
export type Stage = (typeof STAGES)[number];

export interface ValidLine {
  sku: string;
  /** 1 to 10,000. */
  quantity: number;
}

/** An order whose structure is right. */
export interface ValidOrder {
  /** Canonical: 42 and "42" are the same order, and so are "é" in one character and in two. */
  id: string;
  customer: string;
  lines: ValidLine[];
}

export interface EnrichedLine extends ValidLine {
  productId: string;
  title: string;
  /** Minor units. */
  unitPrice: number;
}

/** With what the catalogue says of every line. */
export interface EnrichedOrder extends ValidOrder {
  lines: EnrichedLine[];
}

/** With its sums, in minor units. */
export interface PricedOrder extends EnrichedOrder {
  currency: string;
  subtotal: number;
  discount: number;
  total: number;
}

/** As the database keeps it. */
export interface StoredOrder extends PricedOrder {
  /** SHA-256, hex. */
  hash: string;
  processedAt: number;
}

export const MAX_LINES = 200;
export const MAX_QUANTITY = 10_000;
export const MAX_SKU_CHARACTERS = 64;
export const MAX_CUSTOMER_CHARACTERS = 255;
export const MAX_ID_CHARACTERS = 64;
export const MAX_ORDER_BYTES = 65_536;
/** An order is three levels deep; the database's JSON ends at a thousand. */
export const MAX_ORDER_DEPTH = 32;

// "." and ".." are visible, but no address can name them: /api/pedidos/.. is /api.
const VISIBLE = new RegExp(`^(?!\\.{1,2}$)[^\\p{C}${INVISIBLE}]{1,64}$`, "u");

/**
 * The canonical id, or null when it is none: see MAX_ID_CHARACTERS and the order rules. Texts that
 * Unicode calls equivalent are one id, as nobody can tell them apart; others, such as "²" and "2",
 * look different and stay so.
 */
export function canonicalId(id: unknown): string | null {
  if (typeof id === "number") {
    return Number.isSafeInteger(id) && id > 0 ? String(id) : null;
  }
  const text = typeof id === "string" ? id.normalize("NFC") : "";
  return VISIBLE.test(text) ? text : null;
}
