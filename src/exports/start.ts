/** An export is a task, and the audit log says who asked for what. */
import { type Acting, audit } from "../audit/audit";
import { callerId } from "../caller";
import { enqueueOne } from "../tasks/accepting/enqueue";
import { exportOrders, type OrderExportInput } from "./orders";
import { exportTasks, type TaskExportInput } from "./tasks";

/** Starts an export of orders. Resolves to the id of the task. */
export async function startOrderExport(acting: Acting, input: OrderExportInput): Promise<string> {
  const user = callerId(acting.caller);
  const id = await enqueueOne(acting.env, exportOrders, input, { user });
  await audit(acting, "export.orders", id, input);
  return id;
}

/** Starts an export of tasks and resolves to its id; `asked` is the filter as it was sent. */
export async function startTaskExport(
  acting: Acting,
  input: TaskExportInput,
  asked: unknown,
): Promise<string> {
  const user = callerId(acting.caller);
  const id = await enqueueOne(acting.env, exportTasks, input, { user });
  await audit(acting, "export.tasks", id, { formato: input.formato, filter: asked });
  return id;
}
