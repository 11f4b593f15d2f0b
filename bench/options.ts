import {
  type NumberRule,
  numberOf,
  type Numbers,
  readNumberFlags,
} from "../scripts/harness/number-flags.ts";
import { readVariables } from "../scripts/lib/flags.mjs";

export const USAGE = `npm run bench -- [options]

  Starts the server on a fresh state, sends it orders over HTTP, checks every one, and prints one
  line of JSON. Its companions, each with --help: npm run bench -- fill, a large database to run on;
  npm run bench -- memory, of the isolate; npm run bench -- pages, how soon the console answers.

  --orders N        orders sent as fast as they are accepted (2000)
  --seed N          seed of the orders (1)
  --invalid SHARE   share of invalid orders (0.2)
  --latency MS      how long the catalogue takes to answer (0)
  --fail-rate SHARE share of the catalogue's answers that are 503 (0)
  --cache-ttl S     CATALOGUE_TTL_SECONDS of the server (60)
  --batch N         orders per request (100)
  --in-flight N     requests at a time (1)
  --rate N          orders per second, one by one, of the paced part; 0 leaves it out (50)
  --paced N         orders of the paced part (10 seconds of the rate)
  --counted N       orders of the part that counts calls and rows; 0 leaves it out (1000)
  --var NAME:value  a variable of wrangler.toml; may be repeated
  --peers DIR       the same load on the systems of DIR too, in turn, and the ratios
  --rounds N        how often each, with --peers, --full or --listeners (3)
  --only NAMES      of the peers, those of a list joined by commas
  --bare            the same load on a bare Worker too: what of the figures is the local platform's
  --full DIR        the same load on a copy of a state that \`npm run bench -- fill\` filled and on
                    an empty one, in turn, and the ratios
  --listeners N     the same load with N live sockets open and with none, in turn, and the ratios
  --round-trips MS  on the strict platform (test/platform) instead: orders a second and latency for
                    each round trip of a list joined by commas, in milliseconds
  --consumers LIST  with --round-trips: for each so many consumers at once (4)
  --alone N         with --round-trips: orders sent one a request, to find how many are taken (600)
  --simulate        how far it goes: the table of rates, limits and costs, from measured figures
  --from FILE       with --simulate: takes the figures from a line printed before
  --orders-per-day N  with --simulate: the bill of a month of so many orders instead
  --one-by-one      with --orders-per-day: each in a request of its own
  --dashboards N    with --orders-per-day: so many open all month (0)
  --logs            shows what the server prints`;

const NUMBERS = {
  orders: { default: 2000, min: 1, whole: true },
  seed: { default: 1, min: 0, whole: true },
  invalid: { default: 0.2, min: 0, max: 1 },
  latency: { default: 0, min: 0 },
  "fail-rate": { default: 0, min: 0, max: 1 },
  "cache-ttl": { default: 60, min: 0, whole: true },
  batch: { default: 100, min: 1, max: 10_000, whole: true },
  "in-flight": { default: 1, min: 1, whole: true },
  rate: { default: 50, min: 0 },
  paced: { min: 1, whole: true },
  counted: { default: 1000, min: 0, whole: true },
  rounds: { default: 3, min: 1, whole: true },
  "orders-per-day": { min: 0, whole: true },
  dashboards: { default: 0, min: 0, whole: true },
  listeners: { default: 0, min: 0, max: 50, whole: true },
  alone: { default: 600, min: 1, whole: true },
} as const;

export interface Options extends Numbers<typeof NUMBERS> {
  paced: number;
  vars: Record<string, string>;
  peers: string | undefined;
  only: string[] | undefined;
  full: string | undefined;
  from: string | undefined;
  roundTrips: number[];
  consumers: number[];
  bare: boolean;
  simulate: boolean;
  oneByOne: boolean;
  logs: boolean;
}

/** Throws with words for people. */
export function readOptions(argv: readonly string[]): Options | "help" {
  const { numbers, flags } = readNumberFlags(argv, NUMBERS, {
    var: "list",
    peers: "value",
    only: "value",
    full: "value",
    from: "value",
    "round-trips": "value",
    consumers: "value",
    bare: "switch",
    simulate: "switch",
    "one-by-one": "switch",
    logs: "switch",
    help: "switch",
  });
  if (flags.help) {
    return "help";
  }
  const { "round-trips": roundTrips = "", consumers = "4" } = flags;
  return {
    ...numbers,
    paced: numbers.paced ?? Math.max(1, Math.round(numbers.rate * 10)),
    vars: readVariables(flags.var),
    peers: flags.peers,
    only: flags.only?.split(","),
    full: flags.full,
    from: flags.from,
    roundTrips: listOf("round-trips", roundTrips, { min: 0 }),
    consumers: listOf("consumers", consumers, { min: 1, max: 250, whole: true }),
    bare: flags.bare ?? false,
    simulate: flags.simulate ?? false,
    oneByOne: flags["one-by-one"] ?? false,
    logs: flags.logs ?? false,
  };
}

function listOf(name: string, list: string, rule: NumberRule): number[] {
  return list === "" ? [] : list.split(",").map((text) => numberOf(name, text, rule));
}
