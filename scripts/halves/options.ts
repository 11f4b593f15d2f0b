import { readOnlyFlags } from "../lib/flags.mjs";
import { commitOf } from "./versions.ts";

export const USAGE = `npm run halves -- [flags]

  --minutes N     deployments follow each other for so long; 0: one of each kind (0)
  --orders N      new orders sent twice in each phase (60)
  --previous REF  the version before this one (the commit in scripts/halves/previous-version)
  --seed N        the same seed draws the same orders and faults (random)
  --faults P      share of the catalogue's answers that are faulty, 0 to 0.9 (0.05)
  --patience S    seconds in which what was accepted must be final, in each phase (60)
  --logs          shows what the servers print

Progress goes to stderr. Stdout gets a line of JSON per deployment.
Exit code 0: with either version at work, every accepted order is final, none lost, none stored twice,
every sum and statistic right, and nothing answered 5xx but a 503 that says when to come again.`;

export interface Options {
  minutes: number;
  orders: number;
  commit: string;
  seed: number;
  faults: number;
  patience: number;
  logs: boolean;
}

/** Throws with words for people. */
export function readOptions(argv: string[]): Options | "help" {
  const flags = readOnlyFlags(argv, {
    minutes: "value",
    orders: "value",
    previous: "value",
    seed: "value",
    faults: "value",
    patience: "value",
    logs: "switch",
    help: "switch",
  });
  if (flags.help) {
    return "help";
  }
  const number = (
    name: "minutes" | "orders" | "seed" | "faults" | "patience",
    fallback: number,
    most: number,
  ) => {
    const value = flags[name] === undefined ? fallback : Number(flags[name] || NaN);
    if (!(value >= 0 && value <= most)) {
      throw new Error(`--${name} must be a number from 0 to ${most}, not ${flags[name]}`);
    }
    return value;
  };
  const commit = commitOf(flags.previous);
  if (commit === null) {
    throw new Error(
      `The history here lacks the version before this one (${flags.previous ?? "scripts/halves/previous-version"}): use a full clone.`,
    );
  }
  return {
    commit,
    minutes: number("minutes", 0, 1440),
    orders: number("orders", 60, 10_000),
    seed: number("seed", Math.floor(Math.random() * 1e9), 2 ** 31),
    faults: number("faults", 0.05, 0.9),
    patience: number("patience", 60, 3600),
    logs: flags.logs ?? false,
  };
}
