/** A text of at most so many characters (UTF-16 units): of a longer one the beginning, and "…". */
export function cutText(text: string, most: number): string {
  return clean(text.length > most ? `${headOf(text, most - 1)}…` : text);
}

const GAP = "\n…\n";

/** Likewise, of a longer one the beginning and, three times as long, the end. */
export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) {
    return clean(text);
  }
  const head = Math.floor((most - GAP.length) / 4);
  const tail = text.slice(-(most - GAP.length - head)).replace(/^[\uDC00-\uDFFF]/, "");
  return clean(headOf(text, head) + GAP + tail);
}

const headOf = (text: string, most: number) => text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "");

/** Half characters, and NUL, at which SQLite takes a text to end. */
const clean = (text: string) => text.toWellFormed().replaceAll("\0", "\uFFFD");
