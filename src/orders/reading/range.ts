/**
 * A list or a walk of orders reads a range of the index `orders_customer` or `orders_processed`.
 */
import { Conditions } from "../../db/conditions";
import { fold } from "../../lib/fold";
import type { OrderColumns } from "../order/schema";

export interface OrderFilter {
  /** The whole name of a customer, which is compared folded. */
  customer?: string;
  /**
   * The earliest time of processing; `before` is the end, itself excluded. In Unix milliseconds.
   */
  from?: number;
  before?: number;
  /** An order id, or words of a customer's name. */
  search?: string;
}

/** OrderPlace is where an order stands in a list. */
export type OrderPlace = Pick<OrderColumns, "id" | "processed_at">;

/** Makes the filter's range past a place, with one bound at that end as id-range.ts has it. */
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

/** Makes the condition of what a filter asks for, without its search. */
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
