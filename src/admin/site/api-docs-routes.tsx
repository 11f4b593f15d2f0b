import type { OpenAPIHono } from "@hono/zod-openapi";
import { Hono } from "hono";
import type { AppEnv } from "../../http/app-env";
import { takesOnly } from "../../http/route";
import { type Operation, ApiDocsPage } from "./api-docs";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

const INFO = { openapi: "3.1.0", info: { title: "Pedidos", version: "1" } };
const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** The API's description, made from its routes, and a page to read it are open to all. */
export function apiDocsRoutes(site: () => OpenAPIHono<AppEnv>) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.get("/openapi.json", takesOnly(), (c) =>
    c.json(documentOf(site()), 200, { "cache-control": "public, max-age=300" }),
  );
  routes.get("/docs", takesOnly("lang"), (c) => {
    const operations = operationsOf(documentOf(site()));
    return renderPage(c, <ApiDocsPage view={viewOf(c)} operations={operations} />);
  });
  return routes;
}

function documentOf(site: OpenAPIHono<AppEnv>) {
  return site.getOpenAPI31Document(INFO);
}

function operationsOf(document: ReturnType<typeof documentOf>): Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ ...operation, method: method.toUpperCase(), path } as Operation] : [];
    }),
  );
}
