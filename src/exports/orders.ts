import { z } from "@hono/zod-openapi";
import { archivedSince, mayBeArchived } from "../archive/manifest";
import { orderFilterShape, toOrderFilter, toPedido } from "../orders/order/contract";
import type { OrderRow } from "../orders/order/queries";
import { withArchived } from "../orders/reading/archived";
import {
  countOrders,
  nextOrders,
  PAGE_BYTES,
  type WalkFilter,
  type WalkPlace,
} from "../orders/reading/walk";
import { nextAfter } from "../tasks/reading/list";
import { jsonCell, untrusted } from "./csv";
import { type Columns, csvOf, FORMAT_NAMES, ndjsonOf } from "./formats";
import { ARCHIVE_TURNS, type ExportSource, PAGE_ARCHIVED, type WalkPage } from "./source";
import { defineExport } from "./task";

/** OrderExportInput says which orders are exported, in the words of the order list, and how. */
export const OrderExportInput = z.strictObject({
  formato: z.enum(FORMAT_NAMES),
  ...orderFilterShape,
});
export type OrderExportInput = z.infer<typeof OrderExportInput>;

/** The columns of a CSV have the names of the order API, with the order's lines as JSON text. */
const COLUMNS: Required<Columns<Omit<ReturnType<typeof toPedido>, "archived">>> = {
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
  walk(env, { input, createdAt }) {
    const filter = filterOf(input, createdAt);
    return {
      count: async () =>
        (await mayBeArchived(env.DB, { processed: filter })) ? null : countOrders(env.DB, filter),
      pages: (after) => pages(env, filter, after),
      placeOf,
    };
  },
};

export const exportOrders = defineExport(orderSource);

/** Makes the filter. It ends when the export was asked for, so the set does not grow. */
function filterOf(input: OrderExportInput, createdAt: number): WalkFilter & { before: number } {
  const filter = toOrderFilter(input);
  return { ...filter, before: Math.min(filter.before ?? createdAt, createdAt) };
}

const UNCOUNTED = { count: 0, capped: true };

/** Orders leave D1 while they are walked: a stretch is read there first, then from the archive. */
async function* pages(
  env: Env,
  filter: WalkFilter & { before: number },
  after: WalkPlace | null,
): AsyncGenerator<WalkPage<OrderRow, WalkPlace>> {
  const first = Math.min(filter.before, await archivedSince(env.DB, "processed", filter.from));
  const span = Math.max(1, filter.before - first);
  let place = after;
  for (;;) {
    const here = await nextOrders(env.DB, filter, place);
    const next = here && [...here.end];
    const hot = { rows: here?.rows ?? [], next, previous: null, total: UNCOUNTED };
    const cursor = place && nextAfter([...place]);
    const request = { limit: PAGE_ARCHIVED, cursor, maxBytes: PAGE_BYTES };
    const reaches = await mayBeArchived(env.DB, { processed: filter });
    const page = reaches
      ? await withArchived(env, filter, request, "oldest", hot, (order) => order)
      : { ...hot, damage: [] };
    const { rows, damage } = page;
    // Whoever goes on behind the last page finds nothing again.
    const end = (page.next as WalkPlace | null) ?? ([filter.before, ""] as const);
    const passed = ((end[0] - first) / span) * 100;
    if (rows.length > 0 || damage.length > 0 || page.next !== null) {
      yield { rows, end, passed, damage, turns: reaches ? ARCHIVE_TURNS : 1 };
    }
    if (page.next === null) {
      return;
    }
    place = end;
  }
}

function placeOf({ processed_at, id }: OrderRow): WalkPlace {
  return [processed_at, id];
}
