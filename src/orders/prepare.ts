import { isDeeperThan } from "../lib/depth";
import type { NewTask } from "../tasks/define";
import type { OrderError } from "./errors";
import { reasonOf } from "./errors";
import { canonicalId, MAX_ORDER_BYTES, MAX_ORDER_DEPTH } from "./order";

const PREVIEW_CHARACTERS = 1000;
const encoder = new TextEncoder();

/** How an order is kept, good or bad: as sent, under its canonical id, unless it is too big. */
export function prepareOrder(order: unknown): NewTask {
  const id = typeof order === "object" && order !== null && "id" in order ? order.id : undefined;
  const subject = canonicalId(id);
  if (isDeeperThan(order, MAX_ORDER_DEPTH)) {
    return tooBig(subject, "", { kind: "too_deep" });
  }
  const input = JSON.stringify(order);
  // A character is one to three bytes: the exact count is only needed in between.
  const bytes =
    input.length * 3 <= MAX_ORDER_BYTES ? input.length : encoder.encode(input).byteLength;
  return bytes > MAX_ORDER_BYTES
    ? tooBig(subject, input, { kind: "too_large", bytes })
    : { input, subject };
}

/** An order that is not kept whole: what is kept is enough to recognise it. */
function tooBig(subject: string | null, text: string, error: OrderError): NewTask {
  const preview = text.slice(0, PREVIEW_CHARACTERS).toWellFormed();
  return { input: JSON.stringify({ id: subject, preview }), subject, failure: reasonOf(error) };
}
