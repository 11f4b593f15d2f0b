/**
 * One owner per order id. Orders are spread over objects by a hash of their id; each knows, per id,
 * the task that works on it and until when, or the task that stored it. It answers before any work
 * is done for a duplicate, and lets an id be corrected while a bad order merely holds it.
 *
 * It is no source of truth. The orders table is: every call here may be lost, claims expire, and
 * what was stored without this object's knowledge is found by the table's key.
 */
import { DurableObject } from "cloudflare:workers";

export interface ClaimOf {
  orderId: string;
  taskId: string;
}

export type ClaimAnswer =
  | { state: "mine" }
  | { state: "held"; taskId: string; until: number }
  | { state: "done"; taskId: string };

export interface Outcomes {
  /** Stored: overrides any claim. */
  done: ClaimOf[];
  /** Given up, if the task still holds it. */
  released: ClaimOf[];
}

interface Row {
  [column: string]: SqlStorageValue;
  task_id: string;
  held_until: number;
  done: number;
}

export class OrderRegistry extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS orders (
        id TEXT PRIMARY KEY, task_id TEXT NOT NULL, held_until INTEGER NOT NULL, done INTEGER NOT NULL
      ) WITHOUT ROWID`);
  }

  /** Claims every id until `until` (Unix milliseconds). Answers come in the order of `claims`. */
  claimMany(claims: ClaimOf[], now: number, until: number): ClaimAnswer[] {
    return claims.map((claim) => this.#claim(claim, now, until));
  }

  #claim({ orderId, taskId }: ClaimOf, now: number, until: number): ClaimAnswer {
    const { sql } = this.ctx.storage;
    const [owner] = sql
      .exec<Row>("SELECT task_id, held_until, done FROM orders WHERE id = ?", orderId)
      .toArray();
    if (owner?.done) {
      return { state: "done", taskId: owner.task_id };
    }
    if (owner && owner.task_id !== taskId && owner.held_until > now) {
      return { state: "held", taskId: owner.task_id, until: owner.held_until };
    }
    sql.exec(
      `INSERT INTO orders (id, task_id, held_until, done) VALUES (?, ?, ?, 0)
       ON CONFLICT (id) DO UPDATE SET task_id = excluded.task_id, held_until = excluded.held_until`,
      orderId,
      taskId,
      until,
    );
    return { state: "mine" };
  }

  settleMany({ done, released }: Outcomes): void {
    const { sql } = this.ctx.storage;
    for (const { orderId, taskId } of done) {
      sql.exec(
        `INSERT INTO orders (id, task_id, held_until, done) VALUES (?, ?, 0, 1)
         ON CONFLICT (id) DO UPDATE SET task_id = excluded.task_id, done = 1`,
        orderId,
        taskId,
      );
    }
    for (const { orderId, taskId } of released) {
      sql.exec("DELETE FROM orders WHERE id = ? AND task_id = ? AND done = 0", orderId, taskId);
    }
  }
}
