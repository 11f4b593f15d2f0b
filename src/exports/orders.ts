import { z } from "@hono/zod-openapi";
import { filterText } from "../http/filter-text";
import { beforeText, endOf, firstMoment, fromText } from "../http/instant";
import { toPedido } from "../orders/order/contract";
import { MAX_CUSTOMER_CHARACTERS } from "../orders/order/order";
import type { OrderRow } from "../orders/order/queries";
import { countOrders, nextOrders, type WalkPlace, type WalkFilter } from "../orders/reading/walk";
import { jsonCell, untrusted } from "./csv";
import { type Columns, csvOf, FORMAT_NAMES, ndjsonOf } from "./formats";
import type { ExportSource, WalkPage } from "./source";
import { defineExport } from "./task";

/** OrderExportInput says which orders are exported, in the words of the order list, and how. */
export const OrderExportInput = z.strictObject({
  formato: z.enum(FORMAT_NAMES),
  cliente: filterText(MAX_CUSTOMER_CHARACTERS).optional(),
  desde: fromText.optional(),
  hasta: beforeText.optional(),
});
export type OrderExportInput = z.infer<typeof OrderExportInput>;

/** The columns of a CSV have the names of the order API, with the order's lines as JSON text. */
const COLUMNS: Required<Columns<ReturnType<typeof toPedido>>> = {
  id_pedido_original: untrusted,
  hash_pedido: String,
  cliente: untrusted,
  detalle_completo: jsonCell,
  subtotal: String,
  descuento: String,
  total_final: String,
  moneda: String,
  fecha_procesado: String,
  task_id: String,
};
const FORMATS = { csv: csvOf(toPedido, COLUMNS), ndjson: ndjsonOf(toPedido) };

/** The export of processed orders writes the oldest first. */
export const orderSource: ExportSource<OrderExportInput, OrderRow, WalkPlace> = {
  name: "exports.orders",
  description: "Exporta los pedidos procesados de un filtro a un archivo",
  input: OrderExportInput,
  // A viewer may page through all orders anyway, so a file of them is only more convenient.
  startedBy: "viewer",
  fileName: "pedidos",
  formats: () => FORMATS,
  walk(db, { input, createdAt }) {
    const filter = filterOf(input, createdAt);
    return {
      count: () => countOrders(db, filter),
      pages: (after) => pages(db, filter, after),
      placeOf,
    };
  },
};

export const exportOrders = defineExport(orderSource);

/** Makes the filter. It ends when the export was asked for, so the set does not grow. */
function filterOf({ cliente, desde, hasta }: OrderExportInput, createdAt: number): WalkFilter {
  return {
    customer: cliente,
    from: desde === undefined ? undefined : firstMoment(desde),
    before: hasta === undefined ? createdAt : Math.min(endOf(hasta), createdAt),
  };
}

async function* pages(
  db: D1Database,
  filter: WalkFilter,
  after: WalkPlace | null,
): AsyncGenerator<WalkPage<OrderRow, WalkPlace>> {
  let page = await nextOrders(db, filter, after);
  while (page) {
    yield page;
    page = await nextOrders(db, filter, page.end);
  }
}

function placeOf({ processed_at, id }: OrderRow): WalkPlace {
  return [processed_at, id];
}
