const BACKSLASH = 0x5c;

/** Where the string of JSON that begins at `from` ends: at a quote after an even number of backslashes. */
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
