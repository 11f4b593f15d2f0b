import { mayLookDifferent, parseAsSent } from "../../lib/exact-json";
import { isRecord } from "../../lib/record";
import { memberText } from "./json-items";

/**
 * OrderText is an order as it came. Its own text is stored, so that every number keeps its digits.
 */
export interface OrderText {
  text: string;
  /** The parsed order, with numbers as JavaScript reads them and nothing checked. */
  value: unknown;
  /** The member `id`, a number as it was written: see lib/exact-json.ts. */
  id: unknown;
}

/** Parses an order of any size and depth, so only its id keeps exact digits. Throws SyntaxError. */
export function readOrderText(text: string): OrderText {
  const value: unknown = JSON.parse(text);
  const id = isRecord(value) ? value["id"] : undefined;
  const isAsSent = typeof id !== "number" || !mayLookDifferent(text);
  return { text, value, id: isAsSent ? id : parseAsSent(memberText(text, "id") ?? "null") };
}
