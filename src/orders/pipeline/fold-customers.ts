/**
 * Orders of old versions have no folded customer. SQL cannot fold, so they are read and folded a slice
 * at a time, after each batch and by the cron, until none is left.
 */
import { sql } from "../../db/sql";
import { fold } from "../../lib/fold";
import type { OrderColumns } from "../order/schema";
import { RENAME } from "./persist";

const SLICE = 1000;

type Row = Pick<OrderColumns, "id" | "task_id" | "customer">;

const ANY_UNFOLDED = sql("SELECT 1 FROM orders WHERE customer_folded IS NULL LIMIT 1");
const UNFOLDED = sql(`
SELECT id, task_id, customer FROM orders WHERE customer_folded IS NULL LIMIT ${SLICE}`);
const FOLD = sql(`
UPDATE orders SET customer_folded = value ->> 1 FROM json_each(:folded)
WHERE orders.id = value ->> 0`);

export async function hasUnfolded(db: D1Database): Promise<boolean> {
  return (await ANY_UNFOLDED.on(db).first()) !== null;
}

/** Folds a slice, and makes old ids canonical. Returns whether more may be left. */
export async function foldCustomers(db: D1Database): Promise<boolean> {
  const { results } = await UNFOLDED.on(db).all<Row>();
  if (results.length === 0) {
    return false;
  }
  const folded = results.map(({ id, customer }) => [id, fold(customer)]);
  const renamed = results.map(({ id, task_id }) => [id.normalize("NFC"), task_id, id]);
  const sentOtherwise = renamed.filter(([canonical, , id]) => canonical !== id);
  await db.batch([
    FOLD.on(db, { folded: JSON.stringify(folded) }),
    ...(sentOtherwise.length === 0
      ? []
      : RENAME.map((rename) => rename.on(db, { rows: JSON.stringify(sentOtherwise) }))),
  ]);
  return results.length === SLICE;
}

let isDone = false;

/** Folds a slice, unless this isolate knows that none is left. */
export async function foldMore(db: D1Database): Promise<void> {
  isDone ||= !(await foldCustomers(db));
}

const SLICES_PER_RUN = 50;

/** Folds many slices, for the cron, so that an old database does not wait for new orders. */
export async function foldRest(db: D1Database): Promise<void> {
  for (let slice = 0; slice < SLICES_PER_RUN; slice += 1) {
    if (!(await foldCustomers(db))) {
      return;
    }
  }
}
