import { fail } from "./tools.mjs";

/**
 * Takes known flags out of the arguments, written `--name value` or `--name=value`; `rest` is what
 * is left, unchanged. `known` gives each name its kind: "value" (one, once), "list" (values up to
 * the next flag, as wrangler reads --var; may be repeated) or "switch". Throws, worded for people,
 * rather than ignore or misread an argument.
 */
export function readFlags(argv, known) {
  const flags = {};
  const rest = [];
  for (let i = 0; i < argv.length; i++) {
    const [, name, inline] = /^--([\w-]+)(?:=(.*))?$/su.exec(argv[i]) ?? [];
    const kind = name !== undefined && Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) {
      rest.push(argv[i]);
      continue;
    }
    if (name in flags && kind !== "list") {
      throw new Error(`--${name} is given twice`);
    }
    if (kind === "switch") {
      if (inline !== undefined) {
        throw new Error(`--${name} takes no value`);
      }
      flags[name] = true;
      continue;
    }
    const words = inline === undefined ? [] : [inline];
    const room = kind === "value" ? 1 : Infinity;
    while (words.length < room && argv[i + 1] !== undefined && !argv[i + 1].startsWith("-")) {
      words.push(argv[++i]);
    }
    if (words.length === 0 || words.includes("")) {
      const next = words.length === 0 ? argv[i + 1] : undefined;
      const instead =
        next === undefined ? "" : `, not ${next} (--${name}=${next} if you mean that)`;
      throw new Error(`--${name} takes a value${instead}`);
    }
    flags[name] = kind === "value" ? words[0] : [...(flags[name] ?? []), ...words];
  }
  return { flags, rest };
}

/** Reads flags as `readFlags` does, and throws if anything else was given. */
export function readOnlyFlags(argv, known) {
  const { flags, rest } = readFlags(argv, known);
  if (rest.length > 0) {
    throw new Error(`${rest[0]} is none of the flags`);
  }
  return flags;
}

/** Returns the values of `--var NAME:value` by name. */
export function readVariables(pairs = []) {
  const values = {};
  for (const pair of pairs) {
    const colon = pair.indexOf(":");
    const name = pair.slice(0, colon);
    if (colon < 1) {
      throw new Error(`--var takes NAME:value, not ${pair}`);
    }
    if (Object.hasOwn(values, name)) {
      throw new Error(`--var ${name} is given twice`);
    }
    values[name] = pair.slice(colon + 1);
  }
  return values;
}

/** Returns what `read` returns; if it throws, prints one line and exits with code 1. */
export function orFail(read) {
  try {
    return read();
  } catch (error) {
    return fail(error.message);
  }
}
