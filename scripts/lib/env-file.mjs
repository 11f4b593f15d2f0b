/**
 * Files of NAME=value lines. They mean what they say, and what could mean something else is refused by
 * name: wrangler's own reader cuts at a `#`, takes some backslashes away and fills in what follows a `$`.
 *
 *   NAME=value       as written, without the spaces around it; a # after a space begins a comment
 *   NAME='value'     as written, line breaks too; so between `backticks`
 *   NAME="value"     likewise, but \n and \r are line breaks, and \\ \" \$ stand for \ " $
 *
 * A $ is a $. `export` in front is passed over, as are empty lines, comments, a byte order mark
 * (UTF-8 or UTF-16) and the line ends of Windows.
 */
import { readFileSync } from "node:fs";

const BLANK = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;
const NAME = /[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=/y;
const QUOTE = /[ \t]*(["'`])/y;
/** QUOTED matches up to the closing quote; UNQUOTED matches up to a comment or the line's end. */
const QUOTED = { '"': /((?:[^"\\]|\\[^])*)"/y, "'": /([^']*)'/y, "`": /([^`]*)`/y };
const UNQUOTED = /(?:[ \t]+(?!#))?((?:[^\n \t]|[ \t]+(?![ \t#\n]|$))*)/y;
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\0-\x08\v-\x1f\x7f]/u;
const ESCAPED = { n: "\n", r: "\r", "\\": "\\", '"': '"', $: "$" };

/**
 * Returns the values of a file by name. Throws an Error worded for people, which holds no value.
 */
export function readEnvFile(file) {
  return naming(file, () => parseEnv(textOf(file)));
}

/** Returns the values of a file of NAME=value lines or of a JSON object of texts. */
export function readSecretsFile(file) {
  return naming(file, () => {
    const text = textOf(file);
    return text.trimStart().startsWith("{") ? parseJson(text) : parseEnv(text);
  });
}

export function parseEnv(source) {
  const text = source.replaceAll(/\r\n?/gu, "\n");
  const values = {};
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at = found ? pattern.lastIndex : at;
    return found;
  };
  while (at < text.length) {
    if (take(BLANK)) {
      continue;
    }
    const line = text.slice(0, at).split("\n").length;
    const name = take(NAME)?.[1];
    if (name === undefined) {
      throw new Error(`line ${line} is not NAME=value`);
    }
    const refuse = (problem) => {
      throw new Error(`${name} (line ${line}) ${problem}`);
    };
    if (Object.hasOwn(values, name)) {
      refuse("is there already");
    }
    const quote = take(QUOTE)?.[1];
    const written = take(quote === undefined ? UNQUOTED : QUOTED[quote])?.[1];
    if (written === undefined) {
      refuse(`has no closing ${quote}`);
    }
    if (!take(BLANK)) {
      refuse(`goes on after its closing ${quote}`);
    }
    if (CONTROL.test(written)) {
      refuse("has a control character");
    }
    if (quote === undefined && written.includes("\\$")) {
      refuse("has a backslash before a $, which needs none: a $ is a $");
    }
    values[name] = quote === '"' ? unescape(written, refuse) : written;
  }
  return values;
}

function unescape(text, refuse) {
  return text.replaceAll(/\\([^])/gu, (escape, character) =>
    Object.hasOwn(ESCAPED, character)
      ? ESCAPED[character]
      : refuse(`has ${escape} between double quotes: use single ones`),
  );
}

function parseJson(text) {
  let values;
  try {
    values = JSON.parse(text);
  } catch {
    throw new Error("not valid JSON"); // the parser's message would show a piece of the secret
  }
  const odd = Object.keys(values).find((name) => typeof values[name] !== "string");
  if (odd !== undefined) {
    throw new Error(`${odd} is not a text`);
  }
  return values;
}

function textOf(file) {
  let bytes;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Error(error.code === "ENOENT" ? "no such file" : `cannot be read (${error.code})`, {
      cause: error,
    });
  }
  return decode(bytes);
}

/** Decodes a text; shells and editors of Windows write UTF-16, or UTF-8 with a byte order mark. */
export function decode(bytes) {
  const [first, second] = bytes;
  const isWide = first + second === 0xff + 0xfe;
  const encoding = isWide ? (first === 0xff ? "utf-16le" : "utf-16be") : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Error("not UTF-8 text", { cause: error });
  }
}

function naming(file, read) {
  try {
    return read();
  } catch (error) {
    throw new Error(`${file}: ${error.message}`, { cause: error });
  }
}
