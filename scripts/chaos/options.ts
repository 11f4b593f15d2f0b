import { readOnlyFlags } from "../lib/flags.mjs";

export const USAGE = `npm run chaos -- [flags]

  --rounds N     rounds of load, SIGKILL and restart (5)
  --orders N     new orders sent in each round (300)
  --seed N       the same seed draws the same orders, faults and moments (random)
  --faults P     share of the catalogue's answers that are faulty, 0 to 0.9 (0.15)
  --patience S   seconds after the last round in which all must be final (300)
  --strict       on the strict platform: round trips, errors of D1 and of objects, several consumers
                 at once, messages that come twice, queues that survive the kill
  --logs         shows what the servers print

Progress goes to stderr. Stdout gets one line of JSON (npm run -s chaos keeps it to that).
Exit code 0: every accepted order is final, none lost, none stored twice, every sum right.`;

export interface Options {
  rounds: number;
  orders: number;
  seed: number;
  faults: number;
  patience: number;
  strict: boolean;
  logs: boolean;
}

/** Throws with words for people. */
export function readOptions(argv: string[]): Options | "help" {
  const values = {
    rounds: "5",
    orders: "300",
    seed: String(Math.floor(Math.random() * 1e9)),
    faults: "0.15",
    patience: "300",
    strict: false,
    logs: false,
    help: false,
    ...readOnlyFlags(argv, {
      rounds: "value",
      orders: "value",
      seed: "value",
      faults: "value",
      patience: "value",
      strict: "switch",
      logs: "switch",
      help: "switch",
    }),
  };
  if (values.help) {
    return "help";
  }
  const whole = (name: "rounds" | "orders" | "seed" | "patience", most: number) => {
    const value = Number(values[name]);
    if (!/^\d+$/.test(values[name]) || value > most || (value === 0 && name !== "seed")) {
      throw new Error(`--${name} must be a whole number up to ${most}, not ${values[name]}`);
    }
    return value;
  };
  const faults = /^[\d.]+$/.test(values.faults) ? Number(values.faults) : NaN;
  if (!(faults >= 0 && faults <= 0.9)) {
    throw new Error(`--faults must be from 0 to 0.9, not ${values.faults}`);
  }
  return {
    rounds: whole("rounds", 10_000),
    orders: whole("orders", 10_000),
    seed: whole("seed", 2 ** 31),
    patience: whole("patience", 86_400),
    faults,
    strict: values.strict,
    logs: values.logs,
  };
}
