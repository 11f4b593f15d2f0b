import type { PricedOrder } from "./order";

/**
 * Returns the text that is hashed: the canonical order and its enrichment, members in fixed order.
 */
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
