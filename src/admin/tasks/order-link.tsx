import type { TaskFacts } from "../../tasks/reading/execution";

interface OrderLinkProps {
  task: TaskFacts;
  /** `stored` tells whether the order is in the database. */
  stored: boolean;
}

/** Links to the order from the task that stored it; a failed task only names it. */
export function OrderLink({ task, stored }: OrderLinkProps) {
  if (task.pedido_id === null) {
    return null;
  }
  return task.status === "SUCCESS" && stored ? (
    <a href={`/admin/orders/${encodeURIComponent(task.pedido_id)}`}>
      <bdi>{task.pedido_id}</bdi>
    </a>
  ) : (
    <bdi>{task.pedido_id}</bdi>
  );
}
