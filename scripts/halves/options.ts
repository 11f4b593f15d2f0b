import { type Numbers, readNumberFlags } from "../harness/number-flags.ts";
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

const NUMBERS = {
  minutes: { default: 0, min: 0, max: 1440 },
  orders: { default: 60, min: 0, max: 10_000 },
  seed: { default: Math.floor(Math.random() * 1e9), min: 0, max: 2 ** 31 },
  faults: { default: 0.05, min: 0, max: 0.9 },
  patience: { default: 60, min: 0, max: 3600 },
} as const;

export interface Options extends Numbers<typeof NUMBERS> {
  commit: string;
  logs: boolean;
}

/** Throws with words for people. */
export function readOptions(argv: string[]): Options | "help" {
  const { numbers, flags } = readNumberFlags(argv, NUMBERS, {
    previous: "value",
    logs: "switch",
    help: "switch",
  });
  if (flags.help) {
    return "help";
  }
  const commit = commitOf(flags.previous);
  if (commit === null) {
    throw new Error(
      `The history here lacks the version before this one (${flags.previous ?? "scripts/halves/previous-version"}): use a full clone.`,
    );
  }
  return { ...numbers, commit, logs: flags.logs ?? false };
}
