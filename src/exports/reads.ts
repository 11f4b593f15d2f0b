import type { Scope } from "../caller";
import { exportOrders } from "./orders";
import { exportTasks } from "./tasks";

const READS = new Map<string, Scope>([
  [exportOrders.name, "orders:read"],
  [exportTasks.name, "tasks:read"],
]);

/** What one must be allowed to read to have the file of a task; undefined for one that writes none. */
export function readsOf(task: { name: string }): Scope | undefined {
  return READS.get(task.name);
}
