import { parseAsSent } from "../../lib/exact-json";
import { isRefused } from "../../lib/result";
import type { FailureReason } from "../../tasks/model/define";
import { reasonOf } from "../order/errors";
import { prepareOrder } from "./prepare";
import { readOrderText } from "../order/order-text";
import { validate } from "./validate";

/** What the first stage will say of an order's JSON text, before anybody sends it. */
export function checkOrder(text: string): FailureReason | null {
  const { failure } = prepareOrder(readOrderText(text));
  if (failure) {
    return failure;
  }
  const checked = validate(parseAsSent(text));
  return isRefused(checked) ? reasonOf(checked.why) : null;
}
