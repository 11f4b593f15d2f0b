import type { Execution } from "./api-orders";
import type { Site } from "./task-site";

const PATH = "/api/tasks/executions/";

/** Makes the body that starts tracked work, under a name of its own. */
export const someWork = (overrides: Record<string, unknown> = {}) => ({
  task_id: `work ${crypto.randomUUID()}`,
  task_name: "nomina.calcular",
  task_module: "nomina",
  ...overrides,
});

/**
 * Makes a program that tracks its work at the site; the id it reports on may be its own name for
 * the work.
 */
export const programOf = (site: Site, key: string) => ({
  start: (body: unknown, status = 201) => site.post<Execution>(PATH, { key, body }, status),
  report: (id: string, body: unknown, status = 200) =>
    site.patch<Execution>(`${PATH}${encodeURIComponent(id)}/`, { key, body }, status),
});
