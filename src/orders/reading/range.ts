/** What a list or a walk of orders asks of them, as ranges of `orders_customer` or `orders_processed`. */
import { Conditions } from "../../db/conditions";
import { fold } from "../../lib/fold";
import type { OrderColumns } from "../order/schema";

export interface OrderFilter {
  /** A whole name, folded. */
  customer?: string;
  /** Processed at or after, before; Unix milliseconds. */
  from?: number;
  before?: number;
  /** An order id, or words of a customer's name. */
  search?: string;
}

/** Where an order stands in a list. */
export type OrderPlace = Pick<OrderColumns, "id" | "processed_at">;

/** The filter's range past a place, with one bound at that end: see tasks/id-range.ts. */
export function rangePast(
  filter: OrderFilter,
  place: OrderPlace | null,
  backwards: boolean,
): Conditions {
  const end = backwards ? "from" : "before";
  const bound = filter[end];
  if (!place || (bound !== undefined && backwards !== place.processed_at >= bound)) {
    return inRange(filter);
  }
  const where = inRange({ ...filter, [end]: undefined });
  where.add(`(processed_at, id) ${backwards ? ">" : "<"} (:pastAt, :past)`, {
    pastAt: place.processed_at,
    past: place.id,
  });
  return where;
}

/** What a filter asks for, its search aside. */
export function inRange(filter: Omit<OrderFilter, "search">): Conditions {
  const where = new Conditions();
  if (filter.customer !== undefined) {
    where.add("customer_folded = :customer", { customer: fold(filter.customer) });
  }
  if (filter.from !== undefined) {
    where.add("processed_at >= :from", { from: filter.from });
  }
  if (filter.before !== undefined) {
    where.add("processed_at < :before", { before: filter.before });
  }
  return where;
}
