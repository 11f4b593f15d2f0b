import { createApp } from "../../src/app";
import { ENDPOINTS } from "../../src/auth/gate";
import { processOrder } from "../../src/orders/pipeline/task";
import { bulk } from "../../src/tasks/commands/bulk";
import { Engine } from "../../src/tasks/model/engine";

export interface Route {
  method: string;
  /** The path names its parameters as the site does: `/api/pedidos/:id`. */
  path: string;
}

const app = createApp(new Engine([processOrder, bulk]));
const READING_AUTH = /^\/(get-session|list-sessions|admin\/(list-users|get-user))$/;

/**
 * The table has every route of the site; better-auth's catch-all is split into the endpoints that
 * it lets through.
 */
export const routeTable: readonly Route[] = distinct(
  app.routes
    .filter(({ method }) => method !== "ALL")
    .flatMap(({ method, path }) =>
      path === "/api/auth/*" ? authRoutes(method) : [{ method, path }],
    ),
);

function authRoutes(method: string): Route[] {
  return [...ENDPOINTS.keys()]
    .filter((endpoint) => READING_AUTH.test(endpoint) === (method === "GET"))
    .map((endpoint) => ({ method, path: `/api/auth${endpoint}` }));
}

function distinct(routes: Route[]): Route[] {
  return [...new Map(routes.map((route) => [nameOf(route), route])).values()];
}

/** Returns a name such as "POST /api/pedidos"; the hash of a file's content is left out. */
export function nameOf({ method, path }: Route): string {
  return `${method} ${path.replace(/^(\/assets\/\w+)-[0-9a-f]{8}/, "$1")}`;
}

/** Returns the path with something in place of each parameter. */
export function fill(path: string, value: (parameter: string) => string): string {
  return path.replaceAll(/:(\w+)(?:\{[^}]*\})?\??|\*/g, (_, name?: string) => value(name ?? "*"));
}

export const apiDocument = app.getOpenAPI31Document({
  openapi: "3.1.0",
  info: { title: "", version: "" },
});
