/**
 * The registry knows one owner per order id: the task that works on it and until when, or the task
 * that stored it. Orders are spread over objects by a hash of their id. It answers before any work is
 * done for a duplicate, and lets an id be corrected while a bad order merely holds it.
 *
 * For orders in D1 it is no source of truth; the orders table is. A call may be lost, claims expire,
 * and what was stored without this object's knowledge is found by the table's key. For orders that
 * left D1 it is the only source: `confirmMany` is called before they leave, and its answer is sent
 * only when it is durable.
 */
import { DurableObject } from "cloudflare:workers";
import { isDatabaseFull, logFailure } from "../../db/full";

export interface ClaimOf {
  orderId: string;
  taskId: string;
}

export type Answer =
  | { state: "mine" }
  | { state: "held"; taskId: string; until: number }
  | { state: "done"; taskId: string };

export interface Outcomes {
  /** Stored orders, which override any claim. */
  done: ClaimOf[];
  /** Claims given up, if the task still holds them. */
  released: ClaimOf[];
}

/** The other layout that the caller uses while the registry grows: see registry-layouts.ts. */
export interface Beside {
  /** An object of the new layout is told the old one. */
  old?: number;
  /** An object of the old layout is told the new one. */
  next?: number;
}

/** An object of the old layout keeps how far its stored ids are copied. */
interface Move {
  to: number | null;
  /** Every stored id up to this one is known there. */
  through: string;
  ended: boolean;
}

/** An object of the new layout keeps whether everything from the old one was copied to it. */
interface Source {
  layout: number;
  complete: boolean;
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
ON CONFLICT (id) DO UPDATE SET task_id = excluded.task_id, held_until = 0, done = 1`;

const STORED_BY = `
SELECT o.id, o.task_id FROM json_each(?1) c JOIN orders o ON o.id = c.value WHERE o.done = 1`;

const STORED_AFTER = `
SELECT id, task_id FROM orders WHERE id > ?1 AND done = 1 ORDER BY id LIMIT ?2`;

const RELEASE = `
DELETE FROM orders WHERE done = 0 AND (id, task_id) IN (
  SELECT value ->> 0, value ->> 1 FROM json_each(?1))`;

const MOVE = "move";
const SOURCE = "source";

export class OrderRegistry extends DurableObject<Env> {
  #move: Move;
  #source: Source | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS orders (
        id TEXT PRIMARY KEY, task_id TEXT NOT NULL, held_until INTEGER NOT NULL, done INTEGER NOT NULL
      ) WITHOUT ROWID`);
    const { kv } = ctx.storage;
    // It is written from the start, so that a full object, which must be moved, has room for it.
    this.#move = kv.get<Move>(MOVE) ?? this.#keep(MOVE, { to: null, through: "", ended: false });
    this.#source = kv.get<Source>(SOURCE);
  }

  /** Claims every id, each named once, until a time in Unix milliseconds. Answers are in order. */
  claimMany(claims: ClaimOf[], now: number, until: number, beside: Beside = {}): Answer[] {
    this.#admit(beside);
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

  /**
   * Notes each id as stored by its task, unless it is known as stored. Returns who stored each. If
   * there is no room, it throws and notes nothing.
   */
  confirmMany(claims: ClaimOf[], beside: Beside = {}): ClaimOf[] {
    const { to } = this.#move;
    if (to !== null && to !== beside.next) {
      throw new Error(`Ids are being copied from here to ${to} objects: confirm there too`);
    }
    const ids = claims.map(({ orderId }) => orderId);
    const stored = this.storedBy(ids, beside);
    const known = new Set(stored.map(({ orderId }) => orderId));
    const missing = claims.filter(({ orderId }) => !known.has(orderId));
    if (missing.length > 0) {
      this.ctx.storage.sql.exec(STORED, pairs(missing));
    }
    return [...stored, ...missing];
  }

  /** Returns which of these ids are stored, and by which task. */
  storedBy(ids: string[], beside: Beside = {}): ClaimOf[] {
    this.#admit(beside);
    return this.#read(STORED_BY, JSON.stringify(ids));
  }

  /**
   * Returns the next stored ids to copy to another layout, where all up to `through` are known by
   * now; none once all are. The first call begins the move. Two callers may copy at once.
   */
  move(to: number, limit: number, through?: string): ClaimOf[] {
    const move = this.#move.to === to ? this.#move : { to, through: "", ended: false };
    if (move.ended) {
      return [];
    }
    const from = through ?? move.through;
    const next = this.#read(STORED_AFTER, from, limit);
    this.#move = this.#keep(MOVE, { to, through: from, ended: next.length === 0 });
    return next;
  }

  /** Notes that everything the old layout's objects know as stored was copied to this layout. */
  complete(layout: number): void {
    if (this.#source?.layout !== layout || !this.#source.complete) {
      this.#source = this.#keep(SOURCE, { layout, complete: true });
    }
  }

  /** Returns the bytes stored here. */
  size(): number {
    return this.ctx.storage.sql.databaseSize;
  }

  /** Throws for a caller that asks only this layout while ids are still being copied to it. */
  #admit({ old }: Beside): void {
    if (old !== undefined) {
      this.#source ??= this.#keep(SOURCE, { layout: old, complete: false });
    }
    if (this.#source && !this.#source.complete && this.#source.layout !== old) {
      throw new Error(
        `Ids of ${this.#source.layout} objects are still being copied here: ask them too`,
      );
    }
  }

  #read(statement: string, ...bindings: SqlStorageValue[]): ClaimOf[] {
    const rows = this.ctx.storage.sql.exec<{ id: string; task_id: string }>(statement, ...bindings);
    return rows.toArray().map(({ id, task_id }) => ({ orderId: id, taskId: task_id }));
  }

  #keep<State>(name: string, state: State): State {
    this.ctx.storage.kv.put(name, state);
    return state;
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

function answer({ taskId }: ClaimOf, owner: Owner | undefined, now: number): Answer {
  if (owner?.done) {
    return { state: "done", taskId: owner.task_id };
  }
  return owner && owner.task_id !== taskId && owner.held_until > now
    ? { state: "held", taskId: owner.task_id, until: owner.held_until }
    : { state: "mine" };
}
