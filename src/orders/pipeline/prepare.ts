import { isDeeperThan } from "../../lib/depth";
import { isRawNumber, parseAsSent, toExact } from "../../lib/exact-json";
import type { NewTask } from "../../tasks/model/define";
import type { OrderError } from "../order/errors";
import { reasonOf } from "../order/errors";
import { canonicalId, MAX_ID_CHARACTERS, MAX_ORDER_BYTES, MAX_ORDER_DEPTH } from "../order/order";
import type { OrderText } from "../order/order-text";

const PREVIEW_CHARACTERS = 1000;
const encoder = new TextEncoder();

/** Makes the task that keeps an order, good or bad: as sent, under its id, unless it is too big. */
export function prepareOrder({ text, value, id }: OrderText): NewTask {
  const subject = canonicalId(toExact(id)) ?? digitsOf(id);
  if (isDeeperThan(value, MAX_ORDER_DEPTH)) {
    return tooBig(subject, "", { kind: "too_deep" });
  }
  if (fits(text)) {
    return { input: text, subject };
  }
  // White space and escapes do not count towards the size.
  const short = JSON.stringify(value);
  const input = fits(short) ? JSON.stringify(parseAsSent(text)) : short;
  return fits(input)
    ? { input, subject }
    : tooBig(subject, text.trimStart(), { kind: "too_large", bytes: bytesOf(input) });
}

/** Returns the digits of a number that is no id, as its sender will look for these. */
function digitsOf(id: unknown): string | null {
  const digits = typeof id === "number" ? String(id) : isRawNumber(id) ? id.rawJSON : "";
  return digits !== "" && digits.length <= MAX_ID_CHARACTERS ? digits : null;
}

/** Tells whether a text fits. A character is one to three bytes, counted only if that matters. */
function fits(text: string): boolean {
  const { length } = text;
  return (
    length * 3 <= MAX_ORDER_BYTES || (length <= MAX_ORDER_BYTES && bytesOf(text) <= MAX_ORDER_BYTES)
  );
}

function bytesOf(text: string): number {
  return encoder.encode(text).byteLength;
}

/** Makes the failed task of an order that is not kept whole, with enough of it to recognise it. */
function tooBig(subject: string | null, text: string, error: OrderError): NewTask {
  const preview = text.slice(0, PREVIEW_CHARACTERS).toWellFormed();
  return { input: JSON.stringify({ id: subject, preview }), subject, failure: reasonOf(error) };
}
