import type { Lookups } from "../catalogue/catalogue";
import { productIdOf } from "../catalogue/product";
import type { OrderError } from "../order/errors";
import type { EnrichedLine, EnrichedOrder, ValidOrder } from "../order/order";

/** What an order lacks a product for: see `Lookup`. */
export type NoProduct = { sku: string } & (
  | { kind: "refused"; why: string }
  | { kind: "down"; why: string }
  | { kind: "sick"; why: string; failedAt: number; until: number }
  | { kind: "not_known"; waitMs: number }
);

/** The products an order needs, each once; SKUs without a digit need none, they are unknown. */
export function productsOf(order: ValidOrder): string[] {
  return [...new Set(order.lines.flatMap((line) => productIdOf(line.sku) ?? []))];
}

/**
 * Stage 2: puts product and price to every line. Pure: `products` holds the lookups. What no
 * waiting could mend comes first, then what says most about how long it takes.
 */
export function enrich(
  order: ValidOrder,
  products: Lookups,
): EnrichedOrder | Extract<OrderError, { kind: "unknown_sku" }> | NoProduct {
  const lines: EnrichedLine[] = [];
  const lacks: NoProduct[] = [];
  for (const line of order.lines) {
    const { sku } = line;
    const id = productIdOf(sku);
    const lookup = id === null ? "unknown" : (products.get(id) ?? { waitMs: 0 });
    if (lookup === "unknown") {
      return { kind: "unknown_sku", sku };
    }
    if ("refused" in lookup) {
      lacks.push({ kind: "refused", sku, why: lookup.refused });
    } else if ("down" in lookup) {
      lacks.push({ kind: "down", sku, why: lookup.down });
    } else if ("sick" in lookup) {
      const { sick: why, failedAt, until } = lookup;
      lacks.push({ kind: "sick", sku, why, failedAt, until });
    } else if ("waitMs" in lookup) {
      lacks.push({ kind: "not_known", sku, waitMs: lookup.waitMs });
    } else {
      const { id: productId, title, unitPrice } = lookup;
      lines.push({ ...line, productId, title, unitPrice });
    }
  }
  for (const kind of ["refused", "down", "sick", "not_known"] as const) {
    const lack = lacks.find((each) => each.kind === kind);
    if (lack) {
      return lack;
    }
  }
  return { ...order, lines };
}
