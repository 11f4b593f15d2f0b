import { OpenAPIHono } from "@hono/zod-openapi";
import { requestId } from "hono/request-id";
import { notFound, onError } from "./http/errors";
import { type AppEnv, validationHook } from "./http/app-env";

/** The whole site on one screen. */
export function createApp() {
  const app = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook });
  app.use(requestId());
  app.onError(onError);
  app.notFound(notFound);
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  return app;
}
