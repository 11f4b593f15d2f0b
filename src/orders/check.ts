import type { Reason } from "../tasks/define";
import { reasonOf } from "./errors";
import { prepareOrder } from "./prepare";
import { validate } from "./validate";

/** What the first stage will say of an order, before anybody sends it. */
export function checkOrder(order: unknown): Reason | null {
  const { failure } = prepareOrder(order);
  if (failure) {
    return failure;
  }
  const checked = validate(order);
  return "kind" in checked ? reasonOf(checked) : null;
}
