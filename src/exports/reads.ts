import type { Scope } from "../caller";
import { exportOrders } from "./orders";
import { exportTasks } from "./tasks";

const READS = new Map<string, Scope>([
  [exportOrders.name, "orders:read"],
  [exportTasks.name, "tasks:read"],
]);

/**
 * Returns the scope that the file of a task needs to be read; undefined for a task that writes
 * none.
 */
export function readsOf(task: { name: string }): Scope | undefined {
  return READS.get(task.name);
}
