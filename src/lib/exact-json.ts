/**
 * JSON whose numbers keep every digit. JavaScript reads 12345678901234567 as …568, 1e400 as infinity,
 * and writes 10.00 as 10; what it would change is kept as raw JSON, which JSON.stringify gives back
 * as it was.
 */

/** A number as text. No number to whoever asks, and nothing can clone it. */
export interface RawNumber {
  readonly rawJSON: string;
}

/** What the language's own types do not know yet. */
interface ExactJson {
  parse(text: string, revive: (key: string, value: unknown, context: Source) => unknown): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
}
interface Source {
  /** A number, text, boolean or null as it was written. */
  source?: string;
}

const json = JSON as unknown as ExactJson;

export const isRawNumber = (value: unknown): value is RawNumber => json.isRawJSON(value);

// Most texts hold no number that needs care, and reading those as ever is several times as fast.
// Safe are whole numbers below 9e15, and 15 digits with a point. To take what stands in a string for
// a number costs time alone.
const MAY_LOOK_DIFFERENT =
  /(?:^|[\s:,[])(?:-0(?![\d.])|-?(?:[\d.]{17}|9\d{15}|0\.000000|\d+(?:\.\d+)?[eE]|\d+\.\d*0(?!\d)))/;
const MAY_BE_ROUNDED = /[\d.]{16}[\d.eE]|9\d{15}|\d[eE][-+]?\d{3}/;

/** Whether a number of this JSON may come out with other characters when it is read and written. */
export const mayLookDifferent = (text: string) => MAY_LOOK_DIFFERENT.test(text);

/**
 * Parses JSON to be kept or given back: JSON.stringify writes every number as it was written. Throws
 * SyntaxError.
 */
export function parseAsSent(text: string): unknown {
  return parse(text, MAY_LOOK_DIFFERENT, (value, source) => JSON.stringify(value) === source);
}

/**
 * Parses JSON to be computed with: a number is one unless it would be rounded. Throws SyntaxError.
 */
export function parseExact(text: string): unknown {
  return parse(text, MAY_BE_ROUNDED, isSame);
}

/** What parseExact makes of what parseAsSent made. */
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
      return JSON.parse(text); // nested by the thousand, which nothing takes
    }
    throw error;
  }
}

/** A double is the number written, or what a program writes that gives all its doubles 17 digits. */
function isSame(value: number, source: string): boolean {
  const written = decimal(source);
  return written === decimal(String(value)) || written === decimal(value.toPrecision(17));
}

/** One text for all ways to write a number. */
function decimal(text: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  let end = digits.length; // a pattern for zeros at the end takes the square of their number
  while (digits[end - 1] === "0") {
    end -= 1;
  }
  const power = Number(exponent) - fraction.length + digits.length - end;
  return end === 0 ? "0" : `${sign}${digits.slice(0, end)}e${power}`;
}
