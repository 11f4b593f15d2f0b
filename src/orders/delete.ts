import { type Acting, audit } from "../audit/audit";
import { callerId } from "../caller";
import { readReason } from "../http/reason";
import { assertAdmin } from "../http/require";
import { isRefused, Refused, type Result } from "../lib/result";
import { getOrder } from "./order/queries";
import { withBallast } from "../db/ballast";
import { retryD1 } from "../db/retry";
import { sql } from "../db/sql";
import { log } from "../log";

export interface Deletion {
  /** The administrator who deletes: "user:ID". */
  by: string;
  reason: string;
}

const KEEP_ID = sql(`
INSERT INTO deleted_orders (id, task_id, deleted_at, deleted_by, reason)
SELECT id, task_id, :now, :by, :reason FROM orders WHERE id = :id
ON CONFLICT (id) DO NOTHING`);
const DELETE = sql("DELETE FROM orders WHERE id = :id");
const IS_KEPT = sql(`
SELECT 1 AS kept FROM deleted_orders WHERE id = :id AND deleted_at = :now AND deleted_by = :by`);

/**
 * Deletes a stored order. Its id stays used, with who deleted it, when and why; its task keeps its
 * history and loses its link.
 */
export async function deleteOrder(
  env: Env,
  id: string,
  deletion: Deletion,
  now = Date.now(),
): Promise<Result<"done", DeletionRefusal>> {
  const { by, reason } = deletion;
  const results = await withBallast(env.DB, () =>
    retryD1(env.DB, () =>
      env.DB.batch([
        KEEP_ID.on(env.DB, { id, now, by, reason }),
        DELETE.on(env.DB, { id }),
        // The row is read back, as a repeat after a commit that was reported failed changes
        // nothing.
        IS_KEPT.on(env.DB, { id, now, by }),
      ]),
    ),
  );
  if (results.at(-1)?.results.length === 0) {
    return new Refused({ kind: "no_order", id });
  }
  log.warn("order.deleted", { orderId: id, by, reason });
  return "done";
}

/** Deletes an order for an administrator, by its id in any form of Unicode. */
export async function deleteOrderAs(
  acting: Acting,
  id: string,
  typed: unknown,
): Promise<Result<string, DeletionRefusal>> {
  const { env, caller } = acting;
  const by = callerId(assertAdmin(caller));
  const reason = readReason(typed);
  if (isRefused(reason)) {
    return reason;
  }
  const order = await getOrder(env.DB, id);
  if (!order) {
    return new Refused({ kind: "no_order", id });
  }
  const deleted = await deleteOrder(env, order.id, { by, reason });
  if (isRefused(deleted)) {
    return deleted;
  }
  await audit(acting, "order.delete", order.id, { reason });
  return order.id;
}

export type DeletionRefusal = { kind: "no_order"; id: string } | { kind: "bad_reason" };
