import { env } from "cloudflare:workers";
import { confirmStored } from "../../src/orders/pipeline/registry";
import type { Layouts } from "../../src/orders/pipeline/registry-layouts";

const MANIFEST = `
INSERT OR IGNORE INTO archive_generations (kind, day, generation, first_id, last_id, records, orders,
  bytes, created_at, proven_at)
VALUES ('tasks', '2026-01-01', 1, '', '', 0, 0, 0, 0, 1)`;

/**
 * Takes orders away from D1 as the archive does: they are confirmed by the registry first, and the
 * manifest has a row before they go. Returns the ids of those that went.
 */
export async function archiveOrders(
  tested: Env,
  orderIds: readonly string[],
  layouts?: Layouts,
): Promise<string[]> {
  const ids = JSON.stringify(orderIds);
  const { results } = await env.DB.prepare(
    "SELECT id AS orderId, task_id AS taskId FROM orders WHERE id IN (SELECT value FROM json_each(?))",
  )
    .bind(ids)
    .all<{ orderId: string; taskId: string }>();
  const gone = [...(await confirmStored(tested, results, layouts))];
  await env.DB.prepare(MANIFEST).run();
  await env.DB.prepare("DELETE FROM orders WHERE id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(gone))
    .run();
  return gone;
}

/** Makes it look as if nothing had left D1 yet. */
export async function forgetArchive(): Promise<void> {
  await env.DB.prepare("DELETE FROM archive_generations").run();
}

/**
 * Makes registry objects of the test's own. Calls whose "object.method" contains an entry of
 * `failing` fail.
 */
export function ownRegistry() {
  const world = crypto.randomUUID();
  const failing = new Set<string>();
  const calls: string[] = [];
  const getByName = (name: string) =>
    new Proxy(env.ORDER_REGISTRY.getByName(`${world}:${name}`), {
      get: (stub, method) => {
        const call: unknown = Reflect.get(stub, method, stub);
        return typeof call !== "function" || typeof method === "symbol"
          ? call
          : async (...given: unknown[]) => {
              calls.push(`${name}.${method}`);
              if ([...failing].some((each) => `${name}.${method}`.includes(each))) {
                throw new Error("overloaded");
              }
              return Reflect.apply(call, stub, given) as unknown;
            };
      },
    });
  return { ORDER_REGISTRY: { getByName }, failing, calls };
}
