/** Judges, from what was sent and what the API then shows, whether the promises were kept. */
import { centsOf, expectedError, expectedSums, type Order } from "./orders.ts";
import type { Pedido, Task } from "./rows.ts";

export interface Seen {
  /** What was accepted, by the id of its task. */
  accepted: ReadonlyMap<string, Order>;
  /** Every task and every stored order the API lists. */
  tasks: readonly Task[];
  pedidos: readonly Pedido[];
}

export interface Verdict {
  succeeded: number;
  failed: number;
  /** Good orders that failed because their id was stored already: as it must be. */
  duplicatesRefused: number;
  /** Orders that killed their worker three times while alone, by the task's own history. */
  workerCrashed: number;
  /** Accepted, and without a task; or good, and stored by nobody. */
  lost: number;
  notFinal: number;
  storedTwice: number;
  wrongSums: number;
  /** SUCCESS without its order, or an order without its SUCCESS. */
  unlinked: number;
  /** Failures for another reason than the order's own, or than a duplicate's. */
  wrongFailures: number;
  /** Tasks nobody was told of: a request accepted twice. */
  acceptedTwice: number;
  /** A few words on each wrong, for people. */
  wrongs: string[];
}

const MAX_WRONGS = 20;

export function judge({ accepted, tasks, pedidos }: Seen): Verdict {
  const verdict: Verdict = {
    succeeded: 0,
    failed: 0,
    duplicatesRefused: 0,
    workerCrashed: 0,
    lost: 0,
    notFinal: 0,
    storedTwice: 0,
    wrongSums: 0,
    unlinked: 0,
    wrongFailures: 0,
    acceptedTwice: 0,
    wrongs: [],
  };
  type Wrong = "lost" | "notFinal" | "storedTwice" | "wrongSums" | "unlinked" | "wrongFailures";
  const wrong = (what: Wrong | "acceptedTwice", detail: unknown) => {
    verdict[what] += 1;
    if (verdict.wrongs.length < MAX_WRONGS) {
      verdict.wrongs.push(`${what}: ${JSON.stringify(detail)}`);
    }
  };

  const byTask = new Map(tasks.map((task) => [task.id, task]));
  const stored = Map.groupBy(pedidos, (pedido) => pedido.id_pedido_original);
  for (const [id, copies] of stored) {
    if (copies.length > 1) {
      wrong("storedTwice", { id });
    }
  }
  for (const task of tasks) {
    if (!accepted.has(task.id)) {
      wrong("acceptedTwice", task);
    }
  }
  for (const pedido of pedidos) {
    const task = byTask.get(pedido.task_id);
    const order = accepted.get(pedido.task_id);
    if (task?.status !== "SUCCESS" || order?.id !== pedido.id_pedido_original) {
      wrong("unlinked", pedido);
    } else if (!hasSumsOf(pedido, order)) {
      wrong("wrongSums", { pedido, order });
    }
  }
  for (const [taskId, order] of accepted) {
    const task = byTask.get(taskId);
    const copy = stored.get(order.id)?.[0];
    if (!task) {
      wrong("lost", { taskId, order });
    } else if (task.status === "SUCCESS") {
      verdict.succeeded += 1;
      if (copy?.task_id !== taskId) {
        wrong("unlinked", task);
      }
    } else if (task.status !== "FAILURE") {
      wrong("notFinal", task);
    } else {
      verdict.failed += 1;
      const why = whyFailed(task, order, copy !== undefined);
      if (why === "wrong") {
        wrong(expectedSums(order) && !copy ? "lost" : "wrongFailures", { task, order });
      } else if (why !== "its own") {
        verdict[why] += 1;
      }
    }
  }
  return verdict;
}

type Why = "its own" | "duplicatesRefused" | "workerCrashed" | "wrong";

function whyFailed(task: Task, order: Order, isStored: boolean): Why {
  if (task.error_code === "duplicate_order" && isStored) {
    return "duplicatesRefused";
  }
  if (task.error_code === "worker_crashed") {
    const alone = task.timeline.filter(({ event, alone }) => event === "crashed" && alone);
    return alone.length >= 3 ? "workerCrashed" : "wrong";
  }
  const isBad = expectedSums(order) === null;
  return isBad && task.error_code === expectedError(order) ? "its own" : "wrong";
}

function hasSumsOf(pedido: Pedido, order: Order): boolean {
  const sums = expectedSums(order);
  return (
    sums !== null &&
    [pedido.subtotal, pedido.descuento, pedido.total_final].every((text) =>
      /^\d+\.\d\d$/.test(text),
    ) &&
    centsOf(pedido.subtotal) === sums.subtotal &&
    centsOf(pedido.descuento) === sums.discount &&
    centsOf(pedido.total_final) === sums.total
  );
}
