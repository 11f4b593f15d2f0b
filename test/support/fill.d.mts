export function fillStatements(of: {
  tasks: number;
  orders: number;
  open?: number;
  now: number;
  readyAt?: number;
}): Iterable<{ label: string; done: number; total: number; sql: string }>;
