/** What the language's own types do not know yet. */
interface ExactJson {
  parse(text: string, revive: (key: string, value: unknown, context: Source) => unknown): unknown;
  rawJSON(text: string): unknown;
}
interface Source {
  /** Of a number, text, boolean or null: as it was written. */
  source?: string;
}

const json = JSON as unknown as ExactJson;
const SURE_DIGITS = 15;

/**
 * Parses JSON so that JSON.stringify gives every number back as it was written, also those that
 * would be rounded: they become raw JSON, which is no number to whoever asks. Throws SyntaxError.
 */
export function parseExact(text: string): unknown {
  return json.parse(text, (_key, value, { source = "" }) =>
    typeof value === "number" && isRounded(value, source) ? json.rawJSON(source) : value,
  );
}

function isRounded(value: number, source: string): boolean {
  const digits = source.replace(/e.*/i, "").replaceAll(/\D/g, "");
  return (digits.length > SURE_DIGITS && String(value) !== source) || !Number.isFinite(value);
}

/** Characters that reorder what stands around them; escaped, JSON means the same. */
const DIRECTION_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** JSON as people read it, every character of it to be seen. */
export function prettyJson(value: unknown): string {
  return (JSON.stringify(value, null, 2) ?? "null").replaceAll(
    DIRECTION_CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
