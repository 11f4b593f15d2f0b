import type { PricedOrder } from "./order";

/** The text the hash is taken of: the canonical order and its enrichment, members in fixed order. */
export function canonicalText(order: PricedOrder): string {
  const lines = order.lines.map(({ sku, quantity, productId, title, unitPrice }) => [
    sku,
    quantity,
    productId,
    title,
    unitPrice,
  ]);
  return JSON.stringify([order.id, order.customer, order.currency, lines]);
}

/** SHA-256 as 64 hex digits. */
export async function sha256Hex(data: string | Uint8Array): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
