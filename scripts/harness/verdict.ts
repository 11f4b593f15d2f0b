/** Judges, from what was sent and what the API then shows, whether the promises were kept. */
import { expectedError, expectedSums, PRICE_LIST, type Prices, type Sums } from "./expected.ts";
import type { Order } from "./orders.ts";
import type { Pedido, Task } from "./rows.ts";

export interface Seen {
  /** These orders were accepted, by the ids of their tasks. */
  accepted: ReadonlyMap<string, Order>;
  /** The API lists these tasks and stored orders. */
  tasks: readonly Task[];
  pedidos: readonly Pedido[];
  /** The catalogue that was asked has these prices. */
  prices?: Prices;
  /** A good order may fail for what the run did to it. */
  excuses?: readonly Excuse[];
}

/** Each counts the orders that were wrong in one way. */
interface Wrongs {
  /** Accepted, and without a task; or good, and stored by nobody. */
  lost: number;
  notFinal: number;
  storedTwice: number;
  wrongSums: number;
  /** SUCCESS without its order, or an order without its SUCCESS. */
  unlinked: number;
  /** Failures for another reason than the order's own, or than an excuse. */
  wrongFailures: number;
  /** Tasks nobody was told of: a request accepted twice. */
  acceptedTwice: number;
}

export interface Verdict extends Wrongs, Partial<Record<Excuse, number>> {
  succeeded: number;
  failed: number;
  /** Each says what is wrong, for people. */
  wrongs: string[];
}

type Excuse = "duplicatesRefused" | "workerCrashed" | "gaveUp";

const EXCUSES: Record<Excuse, (task: Task, isStored: boolean) => boolean> = {
  /** A good order whose id was stored already: as it must be. */
  duplicatesRefused: ({ error_code: code }, isStored) => code === "duplicate_order" && isStored,
  /** An order that killed its worker three times while alone, by the task's own history. */
  workerCrashed: ({ error_code: code, timeline }) =>
    code === "worker_crashed" &&
    timeline.filter(({ event, alone }) => event === "crashed" && alone).length >= 3,
  /** An order whose attempts were used up by a catalogue that was made to fail. */
  gaveUp: ({ error_code: code }, isStored) =>
    (code === "catalogue_failed" || code === "catalogue_unavailable") && !isStored,
};

const MAX_WRONGS = 20;

export function judge({
  accepted,
  tasks,
  pedidos,
  prices = PRICE_LIST,
  excuses = ["duplicatesRefused", "workerCrashed"],
}: Seen): Verdict {
  const verdict: Verdict = {
    succeeded: 0,
    failed: 0,
    ...Object.fromEntries(excuses.map((excuse) => [excuse, 0])),
    lost: 0,
    notFinal: 0,
    storedTwice: 0,
    wrongSums: 0,
    unlinked: 0,
    wrongFailures: 0,
    acceptedTwice: 0,
    wrongs: [],
  };
  const wrong = (what: keyof Wrongs, words: string, rows: object) => {
    verdict[what] += 1;
    if (verdict.wrongs.length < MAX_WRONGS) {
      verdict.wrongs.push(`${what}: ${words}; ${JSON.stringify(rows)}`);
    }
  };

  const byTask = new Map(tasks.map((task) => [task.id, task]));
  const stored = Map.groupBy(pedidos, (pedido) => pedido.id_pedido_original);
  for (const [id, { length }] of stored) {
    if (length > 1) {
      wrong("storedTwice", `order ${id} is stored ${length} times`, {});
    }
  }
  for (const task of tasks) {
    if (!accepted.has(task.id)) {
      wrong("acceptedTwice", "nobody was told of the task", { task });
    }
  }
  for (const pedido of pedidos) {
    const task = byTask.get(pedido.task_id);
    const order = accepted.get(pedido.task_id);
    if (task?.status !== "SUCCESS" || order?.id !== pedido.id_pedido_original) {
      wrong("unlinked", "it is stored, and not by a task of its own", { pedido, task });
      continue;
    }
    const words = wrongSums(pedido, expectedSums(order, prices));
    if (words !== undefined) {
      wrong("wrongSums", words, { pedido, order });
    }
  }
  for (const [taskId, order] of accepted) {
    const task = byTask.get(taskId);
    const copy = stored.get(order.id)?.[0];
    if (!task) {
      wrong("lost", "its task is gone", { taskId, order });
    } else if (task.status === "SUCCESS") {
      verdict.succeeded += 1;
      if (copy?.task_id !== taskId) {
        wrong("unlinked", "it is SUCCESS, and not stored", { task });
      }
    } else if (task.status !== "FAILURE") {
      wrong("notFinal", `it is ${task.status}`, { task });
    } else {
      verdict.failed += 1;
      const excuse = excuses.find((each) => EXCUSES[each](task, copy !== undefined));
      const isGood = expectedSums(order, prices) !== null;
      if (excuse) {
        verdict[excuse] = (verdict[excuse] ?? 0) + 1;
      } else if (isGood || task.error_code !== expectedError(order)) {
        const words = `it is FAILURE (${task.error_code})`;
        wrong(isGood && !copy ? "lost" : "wrongFailures", words, { task, order });
      }
    }
  }
  return verdict;
}

/** Says what is wrong with an order that is stored, in words. */
function wrongSums(pedido: Pedido, wanted: Sums | null): string | undefined {
  if (wanted === null) {
    return "it is invalid, and stored";
  }
  const names = ["subtotal", "descuento", "total_final"] as const;
  const wrong = names.find((name) => pedido[name] !== wanted[name]);
  return wrong && `its ${wrong} is ${pedido[wrong]}, not ${wanted[wrong]}`;
}
