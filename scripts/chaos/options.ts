import { type Numbers, readNumberFlags } from "../harness/number-flags.ts";

export const USAGE = `npm run chaos -- [flags]

  --rounds N     rounds of load, SIGKILL and restart (5)
  --orders N     new orders sent in each round (300)
  --seed N       the same seed draws the same orders, faults and moments (random)
  --faults P     share of the catalogue's answers that are faulty, 0 to 0.9 (0.15)
  --patience S   seconds after the last round in which all must be final (300)
  --history N    instead of orders: N tasks of a month, archived by servers that are killed (0: orders)
  --strict       on the strict platform: round trips, errors of D1 and of objects, several consumers
                 at once, messages that come twice, queues that survive the kill
  --logs         shows what the servers print

Progress goes to stderr. Stdout gets one line of JSON (npm run -s chaos keeps it to that).
Exit code 0: every accepted order is final, none lost, none stored twice, every sum right.`;

const NUMBERS = {
  rounds: { default: 5, min: 1, max: 10_000, whole: true },
  orders: { default: 300, min: 1, max: 10_000, whole: true },
  seed: { default: Math.floor(Math.random() * 1e9), min: 0, max: 2 ** 31, whole: true },
  faults: { default: 0.15, min: 0, max: 0.9 },
  history: { default: 0, min: 0, max: 10_000_000, whole: true },
  patience: { default: 300, min: 1, max: 86_400, whole: true },
} as const;

export interface Options extends Numbers<typeof NUMBERS> {
  strict: boolean;
  logs: boolean;
}

/** Throws with words for people. */
export function readOptions(argv: string[]): Options | "help" {
  const { numbers, flags } = readNumberFlags(argv, NUMBERS, {
    strict: "switch",
    logs: "switch",
    help: "switch",
  });
  return flags.help
    ? "help"
    : { ...numbers, strict: flags.strict ?? false, logs: flags.logs ?? false };
}
