import { isDeeperThan } from "../../lib/depth";
import { isRawNumber, parseAsSent, toExact } from "../../lib/exact-json";
import type { NewTask } from "../../tasks/model/define";
import type { OrderError } from "../order/errors";
import { reasonOf } from "../order/errors";
import { canonicalId, MAX_ID_CHARACTERS, MAX_ORDER_BYTES, MAX_ORDER_DEPTH } from "../order/order";
import type { OrderText } from "../order/order-text";

const PREVIEW_CHARACTERS = 1000;
const encoder = new TextEncoder();

/** How an order is kept, good or bad: as sent, under its id, unless it is too big. */
export function prepareOrder({ text, value, id }: OrderText): NewTask {
  const subject = canonicalId(toExact(id)) ?? digitsOf(id);
  if (isDeeperThan(value, MAX_ORDER_DEPTH)) {
    return tooBig(subject, "", { kind: "too_deep" });
  }
  if (fits(text)) {
    return { input: text, subject };
  }
  // White space and escapes do not count.
  const short = JSON.stringify(value);
  const input = fits(short) ? JSON.stringify(parseAsSent(text)) : short;
  return fits(input)
    ? { input, subject }
    : tooBig(subject, text.trimStart(), { kind: "too_large", bytes: bytesOf(input) });
}

/** A number that is no id is what its sender will look for. */
function digitsOf(id: unknown): string | null {
  const digits = typeof id === "number" ? String(id) : isRawNumber(id) ? id.rawJSON : "";
  return digits !== "" && digits.length <= MAX_ID_CHARACTERS ? digits : null;
}

/** A character is one to three bytes: they are only counted in between. */
function fits(text: string): boolean {
  const { length } = text;
  return (
    length * 3 <= MAX_ORDER_BYTES || (length <= MAX_ORDER_BYTES && bytesOf(text) <= MAX_ORDER_BYTES)
  );
}

function bytesOf(text: string): number {
  return encoder.encode(text).byteLength;
}

/** An order that is not kept whole: what is kept is enough to recognise it. */
function tooBig(subject: string | null, text: string, error: OrderError): NewTask {
  const preview = text.slice(0, PREVIEW_CHARACTERS).toWellFormed();
  return { input: JSON.stringify({ id: subject, preview }), subject, failure: reasonOf(error) };
}
