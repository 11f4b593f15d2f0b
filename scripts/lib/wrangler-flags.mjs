import { existsSync } from "node:fs";
import path from "node:path";
import { experimental_getWranglerCommands as getWranglerCommands } from "wrangler";
import { root } from "./tools.mjs";

/**
 * ELSEWHERE lists flags that make wrangler work on something else than what is checked, created and
 * migrated.
 */
const ELSEWHERE = ["config", "c", "env", "e", "cwd", "script", "path"];

/** VALUES says what a flag's values must be, by the type that wrangler gives it. */
const VALUES = {
  boolean: { text: "no value", fits: (word) => word === "true" || word === "false" },
  number: { text: "a number", fits: (word) => /^\d+$/u.test(word) },
  string: { text: "a value", fits: (word) => word !== "" },
};

/**
 * Returns what is wrong with words meant for `wrangler dev` or `wrangler deploy`, or undefined.
 * They may be flags, and a module to run in place of wrangler.toml's, if it exists.
 */
export function wranglerProblem(command, words) {
  const known = flagsOf(command);
  const seen = new Set();
  let at = existsSync(path.join(root, words[0] ?? "")) ? 1 : 0;
  while (at < words.length) {
    const [, name, negation, inline] = /^--?((no-)?[\w-]+)(?:=(.*))?$/su.exec(words[at]) ?? [];
    const flag = known.get(name) ?? known.get(name?.slice(negation?.length));
    if (!flag) {
      return `${words[at]} is none of the flags`;
    }
    if (seen.has(flag) && !flag.array) {
      return `--${name} is given twice`;
    }
    seen.add(flag);
    at += 1;
    const values = inline === undefined ? [] : [inline];
    while (at < words.length && values.length < (flag.array ? Infinity : 1)) {
      if (words[at].startsWith("-")) {
        break;
      }
      values.push(words[at]);
      at += 1;
    }
    const { text, fits } = VALUES[flag.type ?? "string"];
    if (!values.every(fits) || (values.length === 0 && flag.type !== "boolean")) {
      return `--${name} takes ${text}${values.length > 0 ? `, not ${values.join(" ")}` : ""}`;
    }
  }
  return undefined;
}

function flagsOf(command) {
  const { registry, globalFlags } = getWranglerCommands();
  const { args } = registry.subtree.get(command).definition;
  const named = Object.entries({ ...globalFlags, ...args }).flatMap(([name, flag]) =>
    [name, flag.alias ?? []].flat().map((each) => [each, flag]),
  );
  return new Map(named.filter(([name]) => !ELSEWHERE.includes(name)));
}
