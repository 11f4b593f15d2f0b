import { toDecimal } from "./money";
import type { OrderRow } from "./queries";

/** The outside's words for what is inside: the field names the order API always had. */

interface StoredLine {
  sku: string;
  quantity: number;
  title: string;
  unitPrice: number;
}

/** A processed order as the API shows it. Money is decimal text with two places. */
export function toPedido(order: OrderRow) {
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
  };
}

/** A canonical id as JSON: a number where it is one, as most senders' ids are. */
export function publicId(id: string): string | number {
  return /^[1-9]\d{0,15}$/.test(id) && Number.isSafeInteger(Number(id)) ? Number(id) : id;
}

/** What a producer is told of each order: its task, and the id as it was sent. */
export function toTarea(taskId: string, sent: unknown): { task_id: string; pedido_id: unknown } {
  const id = typeof sent === "object" && sent !== null && "id" in sent ? sent.id : null;
  const shown = typeof id === "string" || Number.isFinite(id) ? id : null;
  return { task_id: taskId, pedido_id: shown };
}
