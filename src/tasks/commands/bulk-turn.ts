/**
 * A bulk action does a page of tasks and notes in the same transaction that it did, and to how many.
 * So each page is done once: a run that comes to it again, after a crash or a lost answer, finds the
 * place moved on and changes nothing.
 */
import { sql } from "../../db/sql";
import type { PageKey } from "../../http/paging";
import { NotHeldError } from "../running/running-task";

/** BulkPlace is how far a bulk action got, which is the checkpoint of its task. */
export interface BulkPlace {
  /** The number of pages done. */
  page: number;
  /** The key after which the next page begins; null at first, and at the end. */
  after: PageKey | null;
  seen: number;
  done: number;
}

/** Turn is a page about to be done: its task and lease, its number, and the place behind it. */
export interface Turn {
  task: string;
  lease: string;
  page: number;
  after: PageKey | null;
  seen: number;
}

/** This SQL tells whether the row `t` is the bulk task of `:given`, with its turn not yet over. */
const IS_ITS_TURN = `t.id = :given ->> '$.turn.task'
  AND coalesce(t.checkpoint ->> 'page', 0) = :given ->> '$.turn.page'
  AND t.id IN (SELECT h.value FROM leases l, json_each(l.task_ids) h
    WHERE l.token = :given ->> '$.turn.lease')` as const;

/** This SQL gives the ids in `:given`, or none once their turn is over. */
export const GIVEN = `SELECT value FROM json_each(:given, '$.ids')
  WHERE :given ->> '$.turn' IS NULL OR EXISTS (
    SELECT 1 FROM tasks t WHERE ${IS_ITS_TURN})` as const;

/** Makes the value of `:given` for statements over GIVEN. */
export function given(ids: readonly string[], turn?: Turn): string {
  return JSON.stringify({ ids, turn });
}

const END_TURN = sql(`
UPDATE tasks AS t SET checkpoint = json_object('page', (:given ->> '$.turn.page') + 1,
  'after', json(:given -> '$.turn.after'), 'seen', :given -> '$.turn.seen',
  'done', coalesce(checkpoint ->> 'done', 0) + changes())
WHERE ${IS_ITS_TURN}`);

/** Ends a turn. It counts the rows that the statement before it in the same transaction changed. */
export function endTurn(db: D1Database, turn: Turn): D1PreparedStatement {
  return END_TURN.on(db, { given: given([], turn) });
}

const CHECKPOINT = sql("SELECT checkpoint FROM tasks WHERE id = :task");

/**
 * Returns the place after a turn. Throws a NotHeldError when the turn was not this run's any more.
 */
export async function placeAfter(db: D1Database, { task, page }: Turn): Promise<BulkPlace> {
  const text = await CHECKPOINT.on(db, { task }).first<string>("checkpoint");
  const place = JSON.parse(text ?? "null") as BulkPlace | null;
  if (place?.page !== page + 1) {
    throw new NotHeldError();
  }
  return place;
}
