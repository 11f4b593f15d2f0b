/**
 * These characters reorder the text around them. They are escaped, which means the same in JSON.
 */
const DIRECTION_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Formats a value as indented JSON in which every character is visible. */
export function prettyJson(value: unknown): string {
  return (JSON.stringify(value, null, 2) ?? "null").replaceAll(
    DIRECTION_CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
