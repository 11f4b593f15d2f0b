/**
 * Takes known flags out of the arguments, written `--name value` or `--name=value`; the rest is left
 * as it was. `known` gives each name its kind: "value" (one word), "list" (words up to the next
 * flag, as wrangler reads --var) or "switch".
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
    const words = inline === undefined ? [] : [inline];
    const room = { switch: 0, value: 1, list: Infinity }[kind];
    while (words.length < room && argv[i + 1] !== undefined && !argv[i + 1].startsWith("-")) {
      words.push(argv[++i]);
    }
    flags[name] =
      kind === "switch" ? true : kind === "value" ? words[0] : [...(flags[name] ?? []), ...words];
  }
  return { flags, rest };
}
