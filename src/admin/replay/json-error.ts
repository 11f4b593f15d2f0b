/**
 * A JsonError is the place where a text stops being JSON. It is found here because engines describe
 * it in their own words and do not always locate it.
 */
export interface JsonError {
  /** `line` and `column` count from 1. */
  line: number;
  column: number;
  /** `found` is the character that should not be there; null at the end of the text. */
  found: string | null;
}

const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)/uy;
/** STRING_START matches a string as far as it is valid, to point at the fault inside it. */
const STRING_START = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/uy;

type Place = "value" | "first item" | "first key" | "key" | "colon" | "after" | "end";

/** Returns the first error of a text, or null when it is JSON. */
export function findJsonError(text: string): JsonError | null {
  const open: ("{" | "[")[] = [];
  let place: Place = "value";
  TOKEN.lastIndex = 0;
  for (;;) {
    const start = skipSpace(text, TOKEN.lastIndex);
    if (start === text.length) {
      return place === "end" ? null : at(text, start);
    }
    TOKEN.lastIndex = start;
    const token: RegExpExecArray | null = TOKEN.exec(text);
    const next: Place | null =
      token && step(token[1] ?? (token[2] === undefined ? "scalar" : "string"), place, open);
    if (!next) {
      return at(text, token ? start : wrongInside(text, start));
    }
    place = next;
  }
}

/** Returns the place after a token, or null if the token may not stand there. */
function step(token: string, place: Place, open: ("{" | "[")[]): Place | null {
  const after = (): Place => (open.length === 0 ? "end" : "after");
  if (place === "colon") {
    return token === ":" ? "value" : null;
  }
  if (place === "after") {
    if (token === ",") {
      return open.at(-1) === "{" ? "key" : "value";
    }
    return closes(token, open) ? after() : null;
  }
  if (place === "key" || place === "first key") {
    if (token === "string") {
      return "colon";
    }
    return place === "first key" && closes(token, open) ? after() : null;
  }
  if (place === "end") {
    return null;
  }
  if (token === "{" || token === "[") {
    open.push(token);
    return token === "{" ? "first key" : "first item";
  }
  if (token === "scalar" || token === "string") {
    return after();
  }
  return place === "first item" && closes(token, open) ? after() : null;
}

function closes(token: string, open: ("{" | "[")[]): boolean {
  const wanted = open.at(-1) === "{" ? "}" : "]";
  if (token !== wanted) {
    return false;
  }
  open.pop();
  return true;
}

function skipSpace(text: string, from: number): number {
  let index = from;
  while (index < text.length && " \t\n\r".includes(text[index] ?? "x")) {
    index += 1;
  }
  return index;
}

function wrongInside(text: string, start: number): number {
  STRING_START.lastIndex = start;
  return STRING_START.test(text) ? STRING_START.lastIndex : start;
}

function at(text: string, index: number): JsonError {
  const before = text.slice(0, index).split(/\r\n|\r|\n/);
  const found = text.codePointAt(index);
  return {
    line: before.length,
    column: Array.from(before.at(-1) ?? "").length + 1,
    found: found === undefined ? null : String.fromCodePoint(found),
  };
}
