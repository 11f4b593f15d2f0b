import { defineWords } from "../../i18n/words";
import { tasksWords } from "../tasks/words";

export const ordersWords = defineWords(
  {
    es: {
      "confirm.deleteTitle": "Eliminar este pedido",
      "confirm.delete":
        "El pedido desaparece de la base de datos. Su id queda usado para siempre y su tarea conserva el historial. No se puede deshacer.",

      "orders.title": "Pedidos procesados",
      "orders.caption": "Pedidos procesados, del más reciente al más antiguo",
      "orders.id": "Id",
      "orders.customer": "Cliente",
      "orders.subtotal": "Subtotal",
      "orders.discount": "Descuento",
      "orders.total": "Total",
      "orders.lines": "Líneas",
      "orders.date": "Fecha",
      "orders.searchHint": "Id exacto o palabras del cliente",
      "orders.wholeWords": "Los pedidos en archivo se encuentran por palabras enteras.",
      "orders.short":
        "Esta página es corta: se han mirado 1.000 pedidos, o un trecho del archivo, y quedan otros más antiguos por mirar.",
      "orders.emptyTitle": "Todavía no hay pedidos procesados",
      "orders.empty": "Aquí aparecerá cada pedido que pase todas las etapas.",
      "orders.noneTitle": "Ningún pedido coincide",
      "orders.deleted": "El pedido {id} está eliminado.",

      "exports.all": "Exportar todos los pedidos a",
      "exports.filtered": "Exportar los pedidos de este filtro a",
      "exports.csv": "CSV (hojas de cálculo)",
      "exports.ndjson": "NDJSON (programas)",
      "exports.start": "Exportar",

      "order.title": "Pedido",
      "order.lines": "Líneas del pedido",
      "order.product": "Producto",
      "order.sku": "SKU",
      "order.quantity": "Cantidad",
      "order.unitPrice": "Precio unitario",
      "order.lineTotal": "Importe",
      "order.hash": "Huella SHA-256",
      "order.task": "Tarea",
      "order.processed": "Procesado",
      "order.delete": "Eliminar",
    },
    en: {
      "confirm.deleteTitle": "Delete this order",
      "confirm.delete":
        "The order leaves the database. Its id stays used for good, and its task keeps its history. This cannot be undone.",

      "orders.title": "Processed orders",
      "orders.caption": "Processed orders, newest first",
      "orders.id": "Id",
      "orders.customer": "Customer",
      "orders.subtotal": "Subtotal",
      "orders.discount": "Discount",
      "orders.total": "Total",
      "orders.lines": "Lines",
      "orders.date": "Date",
      "orders.searchHint": "Exact id, or words of the customer",
      "orders.wholeWords": "Archived orders are found by whole words.",
      "orders.short":
        "This page is short: 1,000 orders were looked at, or a stretch of the archive, and older ones are still to be.",
      "orders.emptyTitle": "No processed orders yet",
      "orders.empty": "Every order that passes all stages will show here.",
      "orders.noneTitle": "No order matches",
      "orders.deleted": "Order {id} is deleted.",

      "exports.all": "Export all orders to",
      "exports.filtered": "Export the orders of this filter to",
      "exports.csv": "CSV (spreadsheets)",
      "exports.ndjson": "NDJSON (programs)",
      "exports.start": "Export",

      "order.title": "Order",
      "order.lines": "The order's lines",
      "order.product": "Product",
      "order.sku": "SKU",
      "order.quantity": "Quantity",
      "order.unitPrice": "Unit price",
      "order.lineTotal": "Amount",
      "order.hash": "SHA-256 hash",
      "order.task": "Task",
      "order.processed": "Processed",
      "order.delete": "Delete",
    },
  },
  tasksWords,
);
