/**
 * This is a typed client of the API for programs in TypeScript. Its types come from the routes
 * themselves. `json()` of an answer rounds numbers as JSON.parse does; `text()` has every digit.
 */
import { hc } from "hono/client";
import type { keyRoutes } from "./auth/keys/key-routes";
import type { exportRoutes } from "./exports/routes";
import type { orderRoutes } from "./orders/routes";
import type { taskRoutes } from "./tasks/api/routes";

/**
 * Makes a client. `origin` is where the Worker is served; `key` is an API key, left out by pages
 * that have a session.
 * `const answer = await client.tasks.executions.$get({ query: { status: "FAILURE" } })`
 */
export function createClient(origin: string, key?: string) {
  const options = key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } };
  return {
    orders: hc<typeof orderRoutes>(`${origin}/api/pedidos`, options),
    tasks: hc<ReturnType<typeof taskRoutes>>(`${origin}/api/tasks`, options),
    exports: hc<typeof exportRoutes>(`${origin}/api/exports`, options),
    keys: hc<typeof keyRoutes>(`${origin}/api/keys`, options),
  };
}
