import { isRefused, Refused, type Result } from "../../lib/result";
import type { Lookups, NotHad } from "../catalogue/catalogue";
import { productIdOf } from "../catalogue/product";
import type { OrderError } from "../order/errors";
import type { EnrichedLine, EnrichedOrder, ValidOrder } from "../order/order";

/** NoProduct says what an order lacks a product for. */
export type NoProduct = { sku: string } & Exclude<NotHad, { kind: "unknown" }>;

const UNKNOWN = new Refused({ kind: "unknown" });
const NOT_ASKED = new Refused({ kind: "not_known", waitMs: 0 });

/**
 * Returns the products an order needs, each once. A SKU without a digit has none: it is unknown.
 */
export function productsOf(order: ValidOrder): string[] {
  return [...new Set(order.lines.flatMap((line) => productIdOf(line.sku) ?? []))];
}

/**
 * Stage 2 puts product and price to every line. It is pure: `products` holds the lookups. Of several
 * lacks it returns the one that no waiting could mend, then the one that says most about the wait.
 */
export function enrich(
  order: ValidOrder,
  products: Lookups,
): Result<EnrichedOrder, Extract<OrderError, { kind: "unknown_sku" }> | NoProduct> {
  const lines: EnrichedLine[] = [];
  const lacks: NoProduct[] = [];
  for (const line of order.lines) {
    const { sku } = line;
    const id = productIdOf(sku);
    const lookup = id === null ? UNKNOWN : (products.get(id) ?? NOT_ASKED);
    if (!isRefused(lookup)) {
      const { id: productId, title, unitPrice } = lookup;
      lines.push({ ...line, productId, title, unitPrice });
    } else if (lookup.why.kind === "unknown") {
      return new Refused({ kind: "unknown_sku", sku });
    } else {
      lacks.push({ ...lookup.why, sku });
    }
  }
  for (const kind of ["refused", "down", "sick", "not_known"] as const) {
    const lack = lacks.find((each) => each.kind === kind);
    if (lack) {
      return new Refused(lack);
    }
  }
  return { ...order, lines };
}
