import { parseAsSent } from "../../lib/exact-json";
import { isRefused } from "../../lib/result";
import type { FailureReason } from "../../tasks/model/define";
import { reasonOf } from "../order/errors";
import { prepareOrder } from "./prepare";
import { readOrderText } from "../order/order-text";
import { validate } from "./validate";

/** Says why the first stage would reject an order not yet sent; null if it would not. */
export function checkOrder(text: string): FailureReason | null {
  const { failure } = prepareOrder(readOrderText(text));
  if (failure) {
    return failure;
  }
  const checked = validate(parseAsSent(text));
  return isRefused(checked) ? reasonOf(checked.why) : null;
}
