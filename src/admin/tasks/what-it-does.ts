import type { View } from "../shared/view";
import { type TaskKey, tasksWords } from "./words";

const WORDS: Readonly<Record<string, TaskKey>> = {
  "pedidos.procesar": "does.order",
  "system.bulk": "does.bulk",
  "exports.orders": "does.exportOrders",
  "exports.tasks": "does.exportTasks",
};

/**
 * Says what a task does in the reader's language; a task without a translation is described by its
 * definition.
 */
export function whatItDoes(view: View, task: { name: string; description: string }): string {
  const key = WORDS[task.name];
  return key ? tasksWords(view)(key) : task.description;
}
