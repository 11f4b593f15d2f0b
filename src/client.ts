/**
 * A typed client of the API, for programs in TypeScript. It knows every route, parameter and answer
 * from the routes themselves. Its answers' `json()` rounds numbers as JSON.parse does; `text()` has
 * every digit.
 */
import { hc } from "hono/client";
import type { keyRoutes } from "./auth/keys/key-routes";
import type { exportRoutes } from "./exports/routes";
import type { orderRoutes } from "./orders/routes";
import type { taskRoutes } from "./tasks/api/routes";

/**
 * `origin` is where the Worker is served; `key` an API key, left out by pages that have a session.
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
