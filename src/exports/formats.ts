import { toPedido } from "../orders/contract";
import type { OrderRow } from "../orders/queries";
import { csvLine, untrusted } from "./csv";

/** How orders are written to a file. */
export interface Format {
  contentType: string;
  /** Before the first order. */
  head: string;
  line(order: OrderRow): string;
}

type Pedido = ReturnType<typeof toPedido>;

/** The columns of a CSV: the field names the order API has, the lines as JSON text. */
const COLUMNS: { [Name in keyof Pedido]: (value: Pedido[Name]) => string } = {
  id_pedido_original: untrusted,
  hash_pedido: String,
  cliente: untrusted,
  detalle_completo: JSON.stringify,
  subtotal: String,
  descuento: String,
  total_final: String,
  moneda: String,
  fecha_procesado: String,
  task_id: String,
};

function cells(pedido: Pedido): string[] {
  const columns = Object.entries(COLUMNS) as [keyof Pedido, (value: unknown) => string][];
  return columns.map(([name, cell]) => cell(pedido[name]));
}

export const FORMAT_NAMES = ["csv", "ndjson"] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export const FORMATS: Record<FormatName, Format> = {
  /**
   * For people with a spreadsheet: without the byte order mark Excel takes UTF-8 for the machine's
   * old code page and shows "JosÃ©". What reads CSV in earnest skips the mark.
   */
  csv: {
    contentType: "text/csv; charset=utf-8",
    head: `\u{FEFF}${csvLine(Object.keys(COLUMNS))}`,
    line: (order) => csvLine(cells(toPedido(order))),
  },
  /** For programs: a line is what `GET /api/pedidos/:id` answers. */
  ndjson: {
    contentType: "application/x-ndjson; charset=utf-8",
    head: "",
    line: (order) => `${JSON.stringify(toPedido(order))}\n`,
  },
};
