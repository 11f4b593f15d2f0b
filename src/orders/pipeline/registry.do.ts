/**
 * The registry knows one owner per order id: the task that works on it and until when, or the task
 * that stored it. Orders are spread over objects by a hash of their id. It answers before any work is
 * done for a duplicate, and lets an id be corrected while a bad order merely holds it.
 *
 * It is no source of truth; the orders table is. Every call here may be lost, claims expire, and what
 * was stored without this object's knowledge is found by the table's key.
 */
import { DurableObject } from "cloudflare:workers";
import { isDatabaseFull, logFailure } from "../../db/full";

export interface ClaimOf {
  orderId: string;
  taskId: string;
}

export type ClaimAnswer =
  | { state: "mine" }
  | { state: "held"; taskId: string; until: number }
  | { state: "done"; taskId: string };

export interface Outcomes {
  /** Stored orders, which override any claim. */
  done: ClaimOf[];
  /** Claims given up, if the task still holds them. */
  released: ClaimOf[];
}

interface Owner {
  [column: string]: SqlStorageValue;
  id: string;
  task_id: string;
  held_until: number;
  done: number;
}

// One statement takes all ids, as a call from JavaScript for each would cost more than the id
// itself.
const OWNERS = `
SELECT o.id, o.task_id, o.held_until, o.done
FROM json_each(?1) c JOIN orders o ON o.id = c.value ->> 0`;

const HOLD = `
INSERT INTO orders (id, task_id, held_until, done)
SELECT value ->> 0, value ->> 1, ?2, 0 FROM json_each(?1) WHERE true
ON CONFLICT (id) DO UPDATE SET task_id = excluded.task_id, held_until = excluded.held_until`;

const STORED = `
INSERT INTO orders (id, task_id, held_until, done)
SELECT value ->> 0, value ->> 1, 0, 1 FROM json_each(?1) WHERE true
ON CONFLICT (id) DO UPDATE SET task_id = excluded.task_id, done = 1`;

const RELEASE = `
DELETE FROM orders WHERE done = 0 AND (id, task_id) IN (
  SELECT value ->> 0, value ->> 1 FROM json_each(?1))`;

export class OrderRegistry extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS orders (
        id TEXT PRIMARY KEY, task_id TEXT NOT NULL, held_until INTEGER NOT NULL, done INTEGER NOT NULL
      ) WITHOUT ROWID`);
  }

  /** Claims every id, each named once, until a time in Unix milliseconds. Answers are in order. */
  claimMany(claims: ClaimOf[], now: number, until: number): ClaimAnswer[] {
    const { sql } = this.ctx.storage;
    const owners = new Map(
      sql
        .exec<Owner>(OWNERS, pairs(claims))
        .toArray()
        .map((owner) => [owner.id, owner]),
    );
    const answers = claims.map((claim) => answer(claim, owners.get(claim.orderId), now));
    const mine = claims.filter((_, index) => answers[index]?.state === "mine");
    if (mine.length > 0) {
      this.#write(HOLD, pairs(mine), until);
    }
    return answers;
  }

  settleMany({ done, released }: Outcomes): void {
    if (done.length > 0) {
      this.#write(STORED, pairs(done));
    }
    if (released.length > 0) {
      this.#write(RELEASE, pairs(released));
    }
  }

  /** Returns the bytes stored here. */
  size(): number {
    return this.ctx.storage.sql.databaseSize;
  }

  /**
   * Writes if there is room. Otherwise it advises by what it knows, as no order may wait for it.
   */
  #write(statement: string, ...bindings: SqlStorageValue[]): void {
    try {
      this.ctx.storage.sql.exec(statement, ...bindings);
    } catch (error) {
      if (!isDatabaseFull(error)) {
        throw error;
      }
      logFailure("registry.not_noted", error);
    }
  }
}

function pairs(claims: readonly ClaimOf[]): string {
  return JSON.stringify(claims.map(({ orderId, taskId }) => [orderId, taskId]));
}

function answer({ taskId }: ClaimOf, owner: Owner | undefined, now: number): ClaimAnswer {
  if (owner?.done) {
    return { state: "done", taskId: owner.task_id };
  }
  return owner && owner.task_id !== taskId && owner.held_until > now
    ? { state: "held", taskId: owner.task_id, until: owner.held_until }
    : { state: "mine" };
}
