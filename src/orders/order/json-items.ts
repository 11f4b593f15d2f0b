import { endOfString } from "../../lib/json-string";

/**
 * Yields the items of a JSON array as texts, one at a time, as ten thousand parsed orders would take
 * several times the space of their text. Only the array is checked; whether an item is JSON shows when
 * it is parsed. Throws SyntaxError.
 */
export function jsonItems(text: string): Generator<string> {
  return parts(text, text.indexOf("[") + 1, CLOSE_BRACKET);
}

/** Returns the text of a JSON object's member, the last of that name as JSON.parse has it. */
export function memberText(object: string, name: string): string | undefined {
  let found: string | undefined;
  for (const member of parts(object, object.indexOf("{") + 1, CLOSE_BRACE)) {
    const key = member.indexOf('"');
    const colon = member.indexOf(":", endOfString(member, key));
    if (JSON.parse(member.slice(0, colon)) === name) {
      found = member.slice(colon + 1);
    }
  }
  return found;
}

/** Yields what stands between commas, from `start` to the bracket that ends array or object. */
function* parts(text: string, start: number, close: number): Generator<string> {
  let depth = 0;
  let items = 0;
  for (let at = start; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1;
        if (depth < 0) {
          const last = text.slice(start, at);
          if (items > 0 || !isBlank(last)) {
            yield last;
          }
          if (text.charCodeAt(at) !== close || !isBlank(text.slice(at + 1))) {
            throw new SyntaxError(`Unexpected token at position ${at}`);
          }
          return;
        }
        break;
      case COMMA:
        if (depth === 0) {
          yield text.slice(start, at);
          items += 1;
          start = at + 1;
        }
        break;
      default:
    }
  }
  throw new SyntaxError("Unexpected end of JSON input");
}

const [QUOTE, COMMA] = [0x22, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

export function isJsonArray(text: string): boolean {
  return /^[ \t\n\r]*\[/.test(text);
}

const isBlank = (text: string) => /^[ \t\n\r]*$/.test(text);
