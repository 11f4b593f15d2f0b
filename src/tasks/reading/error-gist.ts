const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{8,12}/gi;
const HASH = /\b(?=[a-f]*\d)[0-9a-f]{16,}\b/gi;
const NUMBER = /[-+]?\d+(?:[.,]\d+)*/g;
const READ_CHARACTERS = 1000;
const KEPT_CHARACTERS = 200;

/** This SQL gives as much of a message as `gist` looks at. */
export const GIST_SOURCE = `substr(error_message, 1, ${READ_CHARACTERS})`;

/**
 * Returns what messages of the same failure have in common: ids and numbers become `#`. The gist of
 * a gist is itself, so that one from a URL can be compared with others.
 */
export function gist(message: string | null): string {
  const text = (message ?? "")
    .slice(0, READ_CHARACTERS)
    .replaceAll(UUID, "#")
    .replaceAll(HASH, "#")
    .replaceAll(NUMBER, "#")
    .replaceAll(/\s+/g, " ");
  return text.trim().slice(0, KEPT_CHARACTERS).toWellFormed().trim() || "-";
}
