import { z } from "zod";
import { configOf } from "../../config";
import type { BatchTask, Settlement } from "../../tasks/model/define";
import { catalogueOf, deskOf } from "../catalogue/catalogue";
import { checkOrder } from "./check";
import { foldMore } from "./fold-customers";
import { ORDER_TASK, type Stage, type StoredOrder } from "../order/order";
import { commitOrders } from "./persist";
import { runPipeline } from "./pipeline";
import { prepareOrder } from "./prepare";
import { claimOrders, settleOrders } from "./registry";
import type { ClaimOf, Outcomes } from "./registry.do";
import { type Layouts, REGISTRY_LAYOUTS } from "./registry-layouts";
import { readOrderText } from "../order/order-text";
import { OUTAGE_WAIT } from "./wait-for-catalogue";

const MAX_RETRY_WAIT_MS = 300_000;

/**
 * The task that processes an order has the order as sent as `input`, and its id as `subject`. Its ids
 * are spread over the registry's objects as `layouts` says.
 */
export const orderTask = (layouts: Layouts): BatchTask<unknown, StoredOrder> => ({
  kind: "batch",
  name: ORDER_TASK,
  module: "pedidos",
  description: "Valida, enriquece, valora y guarda un pedido",
  queue: "orders",
  // The first stage checks the structure, so that a bad order is a failure of its own, with a
  // stage.
  input: z.unknown(),
  check: checkOrder,
  example: { id: 1001, cliente: "ACME Corp", productos: [{ sku: "P001", cantidad: 2 }] },
  prepare: (text) => prepareOrder(readOrderText(text)),
  retry: (env) => {
    const { orderMaxAttempts, orderRetryDelaySeconds } = configOf(env);
    const baseMs = orderRetryDelaySeconds * 1000;
    return { attempts: orderMaxAttempts, baseMs, maxMs: Math.max(MAX_RETRY_WAIT_MS, baseMs) };
  },
  deferral: OUTAGE_WAIT,
  timeoutMs: 120_000,
  computes: ["validate", "price", "persist"] satisfies Stage[],
  startedBy: "operator",
  commit: commitOrders,
  runBatch: (tasks, { env, clock, leaseExpiresAt, passed }) =>
    runPipeline(tasks, {
      config: configOf(env),
      clock,
      lookup: (questions) => catalogueOf(env).lookup(deskOf(env), questions),
      claim: (claims, now) => claimOrders(env, claims, now, leaseExpiresAt, layouts),
      passed,
    }),
  settled: async (settlements, { env }) => {
    await settleOrders(env, outcomesOf(settlements), layouts);
    await foldMore(env.DB);
  },
});

export const processOrder = orderTask(REGISTRY_LAYOUTS);

/** Returns what the registry should know: who stored an id, and which ids are free again. */
function outcomesOf(settlements: Settlement[]): Outcomes {
  const done: ClaimOf[] = [];
  const released: ClaimOf[] = [];
  for (const { id, subject, status, errorCode, errorDetail } of settlements) {
    if (subject === null) {
      continue;
    }
    const winner = errorCode === "duplicate_order" ? errorDetail?.["winner"] : undefined;
    if (status === "SUCCESS") {
      done.push({ orderId: subject, taskId: id });
    } else if (typeof winner === "string") {
      done.push({ orderId: subject, taskId: winner });
    } else {
      released.push({ orderId: subject, taskId: id });
    }
  }
  return { done, released };
}
