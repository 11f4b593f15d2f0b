/** The contract translates orders into the field names that the order API has always had. */
import { z } from "@hono/zod-openapi";
import { filterText } from "../../http/filter-text";
import { beforeText, endOf, firstMoment, fromText } from "../../http/instant";
import { isRawNumber } from "../../lib/exact-json";
import { toDecimal } from "./money";
import {
  MAX_CUSTOMER_CHARACTERS,
  MAX_ID_CHARACTERS,
  MAX_LINES,
  MAX_QUANTITY,
  MAX_SKU_CHARACTERS,
} from "./order";
import type { OrderRow } from "./queries";

/**
 * SentOrder tells senders what an order is. Nothing is checked against it: an order that breaks it is
 * accepted, and fails by itself in the first stage.
 */
export const SentOrder = z
  .looseObject({
    id: z.union([z.int().min(1), z.string().min(1).max(MAX_ID_CHARACTERS)]),
    cliente: z.string().min(1).max(MAX_CUSTOMER_CHARACTERS),
    productos: z
      .array(
        z.looseObject({
          sku: z.string().min(1).max(MAX_SKU_CHARACTERS),
          cantidad: z.int().min(1).max(MAX_QUANTITY),
        }),
      )
      .min(1)
      .max(MAX_LINES),
  })
  .openapi("SentOrder", {
    example: { id: 4711, cliente: "ACME Corp", productos: [{ sku: "P004", cantidad: 2 }] },
  });

const publicIdSchema = z.union([z.int(), z.string()]);
const money = z.string().openapi({ description: "A decimal with two places", example: "199.00" });

/** orderFilterShape is which processed orders are asked for, by the list or an export. */
export const orderFilterShape = {
  cliente: filterText(MAX_CUSTOMER_CHARACTERS).optional(),
  desde: fromText.optional(),
  hasta: beforeText.optional(),
};
const OrderFilter = z.object(orderFilterShape);

/** Translates what was asked for. `from` is in the set and `before` is not, in Unix milliseconds. */
export function toOrderFilter({ cliente, desde, hasta }: z.infer<typeof OrderFilter>) {
  return {
    customer: cliente,
    from: desde === undefined ? undefined : firstMoment(desde),
    before: hasta === undefined ? undefined : endOf(hasta),
  };
}

/** Pedido is a processed order as the API shows it. */
export const Pedido = z
  .object({
    id_pedido_original: publicIdSchema,
    hash_pedido: z.string().openapi({ description: "SHA-256 of the order and its enrichment" }),
    cliente: z.string(),
    detalle_completo: z.array(
      z.object({
        sku: z.string(),
        cantidad: z.int(),
        title: z.string(),
        precio_unitario_api: money,
      }),
    ),
    subtotal: money,
    descuento: money,
    total_final: money,
    moneda: z.string(),
    fecha_procesado: z.iso.datetime(),
    task_id: z.string().openapi({ description: "The task that stored it" }),
    archived: z.boolean().openapi({ description: "It has left the database for the archive." }),
  })
  .openapi("Pedido");

/** Accepted is the answer to orders that were sent: a task for each, in their order. */
export const Accepted = z
  .object({
    lote: z.string().openapi({ description: "Shared by the tasks of this request" }),
    aceptados: z.int(),
    tareas: z.array(
      z.object({
        task_id: z.string(),
        pedido_id: z
          .union([z.number(), z.string()])
          .nullable()
          .openapi({ description: "As it was sent, digit by digit" }),
      }),
    ),
  })
  .openapi("Accepted");

interface StoredLine {
  sku: string;
  quantity: number;
  title: string;
  unitPrice: number;
}

/** Makes the API's view of a processed order. Money is decimal text with two places. */
export function toPedido(order: OrderRow): z.infer<typeof Pedido> {
  const lines = JSON.parse(order.lines) as StoredLine[];
  return {
    id_pedido_original: publicId(order.id),
    hash_pedido: order.hash,
    cliente: order.customer,
    detalle_completo: lines.map((line) => ({
      sku: line.sku,
      cantidad: line.quantity,
      title: line.title,
      precio_unitario_api: toDecimal(line.unitPrice),
    })),
    subtotal: toDecimal(order.subtotal),
    descuento: toDecimal(order.discount),
    total_final: toDecimal(order.total),
    moneda: order.currency,
    fecha_procesado: new Date(order.processed_at).toISOString(),
    task_id: order.task_id,
    archived: order.archived !== undefined,
  };
}

/** Returns a canonical id as JSON: a number where it is one, as most senders' ids are. */
export function publicId(id: string): string | number {
  return /^[1-9]\d{0,15}$/.test(id) && Number.isSafeInteger(Number(id)) ? Number(id) : id;
}

/** Makes what a sender is told of an order: its task, and the id as it was sent. */
export function toTarea(
  taskId: string,
  shownId: ShownId,
): z.infer<typeof Accepted>["tareas"][number] {
  return { task_id: taskId, pedido_id: shownId };
}

export type ShownId = string | number | null;

/** Returns an id as it was sent, a raw number as a number of the answer's JSON; null for no id. */
export function shownIdOf(id: unknown): ShownId {
  const isShown = typeof id === "string" || typeof id === "number" || isRawNumber(id);
  return isShown ? (id as ShownId) : null;
}
