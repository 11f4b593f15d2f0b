import type { Config } from "../../config";
import { applyRate } from "../order/money";
import type { EnrichedOrder, PricedOrder } from "../order/order";

export type PriceRules = Pick<Config, "discountThreshold" | "discountRate" | "currency">;

/**
 * Stage 3 adds subtotal, discount (if the subtotal is above the threshold) and total. It is pure.
 */
export function price(order: EnrichedOrder, rules: PriceRules): PricedOrder {
  const subtotal = order.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0);
  const discount = subtotal > rules.discountThreshold ? applyRate(subtotal, rules.discountRate) : 0;
  return { ...order, currency: rules.currency, subtotal, discount, total: subtotal - discount };
}
