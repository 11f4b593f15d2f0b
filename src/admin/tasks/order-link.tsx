import type { TaskFacts } from "../../tasks/reading/execution";

interface OrderLinkProps {
  task: TaskFacts;
  /** Whether the order is in the database. */
  stored: boolean;
}

/** A link only from the task that stored the order; a failed one names it. */
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
