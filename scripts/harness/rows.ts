/** Programs read this of what the API answers. */

export interface Accepted {
  lote: string;
  tareas: { task_id: string }[];
}

export interface Task {
  id: string;
  task_module: string;
  status: string;
  is_finished: boolean;
  pedido_id: string | null;
  error_code: string | null;
  attempts: number;
  timeline: { event: string; alone?: boolean }[];
}

export interface Pedido {
  id_pedido_original: number;
  task_id: string;
  subtotal: string;
  descuento: string;
  total_final: string;
}
