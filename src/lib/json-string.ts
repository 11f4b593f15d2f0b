const BACKSLASH = 0x5c;

/**
 * Returns the index of the quote that ends the JSON string beginning at `from`. A quote after an
 * odd number of backslashes is escaped.
 */
export function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) {
      before -= 1;
    }
    if ((at - before) % 2 === 1) {
      return at;
    }
  }
  return text.length;
}
