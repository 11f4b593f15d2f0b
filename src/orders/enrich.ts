import { productIdOf, type Lookup } from "./catalogue";
import type { OrderError } from "./errors";
import type { EnrichedLine, EnrichedOrder, ValidOrder } from "./order";

/** What keeps an order from its enrichment: for good, for the catalogue's sake, or for now. */
export type EnrichFailure =
  | OrderError
  | { kind: "no_answer"; sku: string; why: string; notCalled?: true }
  | { kind: "not_asked"; sku: string };

/** The products an order needs; SKUs without a digit need none, they are unknown. */
export function productsOf(order: ValidOrder): string[] {
  return order.lines.flatMap((line) => productIdOf(line.sku) ?? []);
}

/**
 * Stage 2: puts product and price to every line. Pure: `products` holds the lookups. One unknown
 * SKU fails the order, whatever else the catalogue did not answer: waiting could not mend it.
 */
export function enrich(
  order: ValidOrder,
  products: ReadonlyMap<string, Lookup>,
): EnrichedOrder | EnrichFailure {
  const lines: EnrichedLine[] = [];
  let failure: EnrichFailure | undefined;
  for (const line of order.lines) {
    const id = productIdOf(line.sku);
    const lookup = id === null ? "unknown" : (products.get(id) ?? "notAsked");
    if (lookup === "unknown") {
      return { kind: "unknown_sku", sku: line.sku };
    }
    if (lookup === "notAsked") {
      failure ??= { kind: "not_asked", sku: line.sku };
    } else if ("failed" in lookup) {
      // That it was down says more than that it gave no answer for one product.
      if (!failure || !("notCalled" in failure)) {
        const { failed: why, ...rest } = lookup;
        failure = { kind: "no_answer", sku: line.sku, why, ...rest };
      }
    } else {
      const { id: productId, title, unitPrice } = lookup;
      lines.push({ ...line, productId, title, unitPrice });
    }
  }
  return failure ?? { ...order, lines };
}
