import type { Scope } from "../caller";
import { exportOrders } from "./orders";
import { exportTasks } from "./tasks";

const READS = new Map<string, Scope>([
  [exportOrders.name, "orders:read"],
  [exportTasks.name, "tasks:read"],
]);

/** Returns the scope needed to read the file of a task; undefined for a task that writes none. */
export function readsOf(task: { name: string }): Scope | undefined {
  return READS.get(task.name);
}
