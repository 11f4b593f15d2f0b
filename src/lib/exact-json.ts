/**
 * This file reads and writes JSON so that numbers keep every digit. JavaScript reads
 * 12345678901234567 as …568 and 1e400 as infinity, and writes 10.00 as 10. Such numbers are kept as
 * raw JSON, which JSON.stringify gives back unchanged.
 */

/**
 * A RawNumber holds a number as text. Its `typeof` is "object", and structured clone rejects it.
 */
export interface RawNumber {
  readonly rawJSON: string;
}

/** ExactJson declares what TypeScript's library does not know yet. */
interface ExactJson {
  parse(text: string, revive: (key: string, value: unknown, context: Source) => unknown): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
}
interface Source {
  /** `source` is the text of a number, string, boolean or null as it was written. */
  source?: string;
}

const json = JSON as unknown as ExactJson;

export const isRawNumber = (value: unknown): value is RawNumber => json.isRawJSON(value);

// MAY_LOOK_DIFFERENT lets most texts take JSON.parse without a reviver, which is several times as
// fast. Whole numbers below 9e15, and up to 15 digits with a point, are safe. A match inside a
// string only costs time.
const MAY_LOOK_DIFFERENT =
  /(?:^|[\s:,[])(?:-0(?![\d.])|-?(?:[\d.]{17}|9\d{15}|0\.000000|\d+(?:\.\d+)?[eE]|\d+\.\d*0(?!\d)))/;
const MAY_BE_ROUNDED = /[\d.]{16}[\d.eE]|9\d{15}|\d[eE][-+]?\d{3}/;

/**
 * Tells whether a number of this JSON may change its characters when it is parsed and written
 * again.
 */
export const mayLookDifferent = (text: string) => MAY_LOOK_DIFFERENT.test(text);

/**
 * Parses JSON that is stored or given back: JSON.stringify writes every number as it was written.
 * Throws SyntaxError.
 */
export function parseAsSent(text: string): unknown {
  return parse(text, MAY_LOOK_DIFFERENT, (value, source) => JSON.stringify(value) === source);
}

/**
 * Parses JSON that is computed with: a number is a JavaScript number unless it would be rounded.
 * Throws SyntaxError.
 */
export function parseExact(text: string): unknown {
  return parse(text, MAY_BE_ROUNDED, isSame);
}

/** Turns the result of parseAsSent into what parseExact would have returned. */
export function toExact(value: unknown): unknown {
  return isRawNumber(value) ? parseExact(value.rawJSON) : value;
}

function parse(
  text: string,
  suspicious: RegExp,
  isKept: (value: number, source: string) => boolean,
): unknown {
  if (!suspicious.test(text)) {
    return JSON.parse(text);
  }
  try {
    return json.parse(text, (_key, value, { source = "" }) =>
      typeof value === "number" && !isKept(value, source) ? json.rawJSON(source) : value,
    );
  } catch (error) {
    if (error instanceof RangeError) {
      return JSON.parse(text); // thousands of levels overflow the reviver; every schema refuses them later
    }
    throw error;
  }
}

/**
 * Tells whether a double is exactly the number written, or the 17 digits that some programs write
 * for every double.
 */
function isSame(value: number, source: string): boolean {
  const written = decimal(source);
  return written === decimal(String(value)) || written === decimal(value.toPrecision(17));
}

/** Normalizes the ways to write a number, so that equal numbers have equal texts. */
function decimal(text: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  let end = digits.length; // a loop, because a regular expression for trailing zeros takes quadratic time
  while (digits[end - 1] === "0") {
    end -= 1;
  }
  const power = Number(exponent) - fraction.length + digits.length - end;
  return end === 0 ? "0" : `${sign}${digits.slice(0, end)}e${power}`;
}
