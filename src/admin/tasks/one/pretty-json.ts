/** Characters that reorder what stands around them; escaped, JSON means the same. */
const DIRECTION_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** JSON as people read it, every character of it to be seen. */
export function prettyJson(value: unknown): string {
  return (JSON.stringify(value, null, 2) ?? "null").replaceAll(
    DIRECTION_CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
