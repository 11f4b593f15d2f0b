/**
 * A bulk action does a page of tasks and notes it, with how many it was done to, in one transaction.
 * So a page is done once: whoever comes to it again, after a crash or because an answer was lost,
 * finds the place moved on and changes nothing.
 */
import { sql } from "../../db/sql";
import type { PageKey } from "../../http/paging";
import { NotHeldError } from "../running/running-task";

/** How far a bulk action is: the checkpoint of its task. */
export interface BulkPlace {
  /** Pages done. */
  page: number;
  /** Where the next begins; null at first, and at the end. */
  after: PageKey | null;
  seen: number;
  done: number;
}

/** A page about to be done: whose it is, which it is, and the place behind it. */
export interface Turn {
  task: string;
  lease: string;
  page: number;
  after: PageKey | null;
  seen: number;
}

/** SQL: the row `t` is a bulk task whose turn, in `:given`, is not over. */
const IS_ITS_TURN = `t.id = :given ->> '$.turn.task'
  AND coalesce(t.checkpoint ->> 'page', 0) = :given ->> '$.turn.page'
  AND t.id IN (SELECT h.value FROM leases l, json_each(l.task_ids) h
    WHERE l.token = :given ->> '$.turn.lease')` as const;

/** SQL: the ids in `:given`; none once the turn they belong to is over. */
export const GIVEN = `SELECT value FROM json_each(:given, '$.ids')
  WHERE :given ->> '$.turn' IS NULL OR EXISTS (
    SELECT 1 FROM tasks t WHERE ${IS_ITS_TURN})` as const;

/** What statements over GIVEN are given. */
export function given(ids: readonly string[], turn?: Turn): string {
  return JSON.stringify({ ids, turn });
}

const END_TURN = sql(`
UPDATE tasks AS t SET checkpoint = json_object('page', (:given ->> '$.turn.page') + 1,
  'after', json(:given -> '$.turn.after'), 'seen', :given -> '$.turn.seen',
  'done', coalesce(checkpoint ->> 'done', 0) + changes())
WHERE ${IS_ITS_TURN}`);

/** Counts the rows that the statement before it in the same transaction changed. */
export function endTurn(db: D1Database, turn: Turn): D1PreparedStatement {
  return END_TURN.on(db, { given: given([], turn) });
}

const CHECKPOINT = sql("SELECT checkpoint FROM tasks WHERE id = :task");

/** The place after a turn. Throws a NotHeldError when it was not this run's any more. */
export async function placeAfter(db: D1Database, { task, page }: Turn): Promise<BulkPlace> {
  const text = await CHECKPOINT.on(db, { task }).first<string>("checkpoint");
  const place = JSON.parse(text ?? "null") as BulkPlace | null;
  if (place?.page !== page + 1) {
    throw new NotHeldError();
  }
  return place;
}
