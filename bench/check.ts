import type { Api } from "../scripts/harness/api.ts";
import type { Prices } from "../scripts/harness/expected.ts";
import type { Order } from "../scripts/harness/orders.ts";
import type { Pedido, Task } from "../scripts/harness/rows.ts";
import { judge } from "../scripts/harness/verdict.ts";

export interface Checked {
  succeeded: number;
  failed: number;
  gaveUp: number;
  /** Each says in words what is wrong with an order. */
  problems: string[];
}

/**
 * Compares what the API shows of every order, by its task, with what it must have come to. Older
 * tasks and orders in the database are left alone. Where the catalogue was made to fail, an order may
 * use up its attempts.
 */
export async function checkOrders(
  api: Api,
  accepted: ReadonlyMap<string, Order>,
  prices: Prices,
  { failRate }: { failRate: number },
): Promise<Checked> {
  const taskIds = [...accepted.keys()];
  const tasks: Task[] = [];
  for (const lote of new Set(taskIds.map((id) => id.slice(0, -4)))) {
    tasks.push(...(await api.tasks(lote)));
  }
  const pedidos: Pedido[] = await api.pedidos(acceptedAt(taskIds));
  const verdict = judge({
    accepted,
    tasks,
    pedidos,
    prices,
    excuses: failRate > 0 ? ["gaveUp"] : [],
  });
  const { succeeded, failed, gaveUp = 0, wrongs: problems } = verdict;
  return { succeeded, failed: failed - gaveUp, gaveUp, problems };
}

/** Returns when the first of these tasks was accepted, which its id begins with. */
function acceptedAt(taskIds: readonly string[]): Date {
  const [first = ""] = taskIds.toSorted();
  return new Date(Number.parseInt(first.slice(0, 13).replace("-", ""), 16));
}
