import { OpenAPIHono, z } from "@hono/zod-openapi";
import { can, callerId } from "../../caller";
import { assertCaller } from "../../http/require";
import { configOf } from "../../config";
import { type AppEnv, validationHook } from "../../http/app-env";
import { clientAddress } from "../../http/client-address";
import { AppError } from "../../http/errors";
import { pageLanguage } from "../../http/page-language";
import { assertWithinRate } from "../../http/rate-limit";
import { createRoute } from "../../http/route";
import { batchLink } from "../batch-link";
import { isDeliberate } from "./deliberate";
import { demoOrders, takeDemoIds } from "./demo";
import { assertRoomForOrders, enqueueOrders } from "../intake/ingest";

/** Anyone may start this many orders; more need a caller who may write orders. */
const FREE_ORDERS = 10;
const MAX_ORDERS = 1000;

const startRoute = createRoute({
  method: "get",
  path: "/iniciar",
  summary: "Start a demo batch",
  request: {
    query: z.object({
      n: z.coerce.number().int().min(1).max(MAX_ORDERS).default(10),
      ...pageLanguage,
    }),
  },
  responses: {
    200: { description: "{status, message, ids_encolados, lote, tareas}" },
    303: { description: "For a browser: to the page that follows the batch" },
  },
});

/** The demo is mounted at /pedidos. Its GET writes, so it takes care who follows it. */
export const demoRoutes = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook });

demoRoutes.openapi(startRoute, async (c) => {
  if (!configOf(c.env).demoEnabled) {
    throw new AppError(404, "demo_disabled", "The demo is switched off here (DEMO_ENABLED)");
  }
  if (c.req.raw.method === "HEAD") {
    return c.body(null, 200);
  }
  if (!isDeliberate(c.req.raw.headers)) {
    const detail =
      "Prefetches, previews, robots and other sites' links start nothing: open this address itself";
    throw new AppError(403, "not_deliberate", detail);
  }
  const { n } = c.req.valid("query");
  const { caller } = c.var;
  if (n > FREE_ORDERS && !can(assertCaller(caller), "orders:write")) {
    throw new AppError(403, "forbidden", `More than ${FREE_ORDERS} needs the scope orders:write.`);
  }
  await assertWithinRate(c.env, "DEMO_LIMIT", clientAddress(c.req.raw));
  await assertRoomForOrders(c.env);
  const orders = demoOrders(await takeDemoIds(c.env.DB, n, Date.now()), n, Math.random);
  const accepted = await enqueueOrders(c.env, orders, caller && callerId(caller));
  if ((c.req.header("accept") ?? "").includes("text/html")) {
    return c.redirect(await batchLink(c.env, accepted.batchId), 303);
  }
  return c.json({
    status: "ok",
    message: `${n} pedidos dinámicos han sido encolados.`,
    ids_encolados: orders.map((order) => order.id),
    lote: accepted.batchId,
    tareas: accepted.taskIds,
  });
});
