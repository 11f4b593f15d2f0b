import { mayLookDifferent, parseAsSent } from "../../lib/exact-json";
import { isRecord } from "../../lib/record";
import { memberText } from "./json-items";

/** An order as it came: what is stored is its own text, so that every number keeps its digits. */
export interface OrderText {
  text: string;
  /** Its numbers as JavaScript reads them; nothing is checked. */
  value: unknown;
  /** The member `id`, a number as it was written: see lib/exact-json.ts. */
  id: unknown;
}

/** Throws SyntaxError. An order may be of any size and depth, so only its id is read with care. */
export function readOrderText(text: string): OrderText {
  const value: unknown = JSON.parse(text);
  const id = isRecord(value) ? value["id"] : undefined;
  const isAsSent = typeof id !== "number" || !mayLookDifferent(text);
  return { text, value, id: isAsSent ? id : parseAsSent(memberText(text, "id") ?? "null") };
}
