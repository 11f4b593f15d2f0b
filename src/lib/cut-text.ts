/**
 * This file measures texts in characters (code points), as databases and JSON Schema count them.
 */

export function charactersOf(text: string): number {
  return text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0);
}

/** Tells whether a text has more than `most` characters. */
export function isLonger(text: string, most: number): boolean {
  return text.length > most && endOf(text, most) < text.length;
}

/** Shortens a text to at most `most` characters: its beginning and "…". */
export function cutText(text: string, most: number): string {
  return clean(isLonger(text, most) ? `${headOf(text, most - 1)}…` : text);
}

const GAP = "\n…\n";

/** Shortens a text to at most `most` characters: its beginning, and an end three times as long. */
export function cutMiddle(text: string, most: number): string {
  if (!isLonger(text, most)) {
    return clean(text);
  }
  const head = Math.floor((most - GAP.length) / 4);
  const tail = text.slice(startOf(text, most - GAP.length - head));
  return clean(headOf(text, head) + GAP + tail);
}

const headOf = (text: string, characters: number) => text.slice(0, endOf(text, characters));

/** Returns the index where the first `characters` characters end. */
function endOf(text: string, characters: number): number {
  let at = 0;
  for (let count = 0; count < characters && at < text.length; count += 1) {
    at += isPair(text, at) ? 2 : 1;
  }
  return at;
}

/** Returns the index where the last `characters` characters begin. */
function startOf(text: string, characters: number): number {
  let at = text.length;
  for (let count = 0; count < characters && at > 0; count += 1) {
    at -= isPair(text, at - 2) ? 2 : 1;
  }
  return at;
}

const isPair = (text: string, at: number) => (text.codePointAt(at) ?? 0) > 0xffff;

/** Replaces lone surrogates, and NUL, at which SQLite takes a text to end. */
const clean = (text: string) => text.toWellFormed().replaceAll("\0", "\uFFFD");
