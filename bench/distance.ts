/**
 * The distance of D1 and the objects decides how fast orders go. This puts the same load on the
 * strict platform for each round trip and number of consumers.
 */
import type { Order } from "../scripts/harness/orders.ts";
import { startQueues } from "../scripts/harness/platform.ts";
import type { CatalogueProcess } from "./catalogue-process.ts";
import type { Options } from "./options.ts";
import type { Progress } from "./progress.ts";
import { report, type Report } from "./report.ts";
import { markdown } from "./table.ts";
import { measureTimes, type TimedOptions } from "./timed.ts";

/** D1 does one call at a time, so what a durable write and a read by an index take adds up. */
const WRITE_MS = 5;
const READ_MS = 0.5;
const SEND_MS = 60;
const ALONE_IN_FLIGHT = 100;

interface Distance {
  roundTripMs: number;
  consumers: number;
}

type DistanceRun = Report & Distance & { alone?: true };

export type Distances = Awaited<ReturnType<typeof measureDistances>>;

export async function measureDistances(
  options: Options,
  orders: Order[],
  catalogue: CatalogueProcess,
  progress: Progress,
) {
  const runs: DistanceRun[] = [];
  for (const roundTripMs of options.roundTrips) {
    for (const consumers of options.consumers) {
      progress.show(`round trips of ${roundTripMs} ms, ${consumers} consumers`);
      const run = await onPlatform({ roundTripMs, consumers }, (platform) =>
        measureTimes({ ...options, platform }, orders, catalogue, progress),
      );
      runs.push({ roundTripMs, consumers, ...report(options, run) });
      progress.note(JSON.stringify(runs.at(-1)));
    }
    const [consumers = 1] = options.consumers;
    const alone = orders.slice(0, options.alone);
    const run = await onPlatform({ roundTripMs, consumers }, (platform) => {
      const one = { ...options, platform, batch: 1, inFlight: ALONE_IN_FLIGHT, rate: 0 };
      return measureTimes({ ...one, orders: alone.length }, alone, catalogue, progress);
    });
    runs.push({ roundTripMs, consumers, alone: true, ...report(options, run) });
    progress.note(JSON.stringify(runs.at(-1)));
  }
  return {
    write_ms: WRITE_MS,
    read_ms: READ_MS,
    send_ms: SEND_MS,
    verified: runs.every(({ verified }) => verified),
    problems: runs.flatMap(({ problems }) => problems).slice(0, 10),
    runs,
  };
}

async function onPlatform<Result>(
  { roundTripMs, consumers }: Distance,
  measure: (platform: NonNullable<TimedOptions["platform"]>) => Promise<Result>,
): Promise<Result> {
  const queues = await startQueues({ sendMs: SEND_MS, maxConcurrency: consumers });
  try {
    const settings = { roundTripMs, writeMs: WRITE_MS, readMs: READ_MS };
    return await measure({ queues, settings });
  } finally {
    queues.close();
  }
}

/** Returns a table in Markdown with a row for each round trip. */
export function distanceTable({ runs }: Distances): string {
  const trips = [...Map.groupBy(runs, ({ roundTripMs }) => roundTripMs)];
  const consumers = [...new Set(runs.map((run) => run.consumers))];
  const head = [
    "round trip",
    ...consumers.flatMap((n) => [`${n} consumers, orders/s`, "latency at 50/s, p50 and p95"]),
    "one a request, taken/s",
  ];
  const body = trips.map(([ms, each]) => [
    `${ms} ms`,
    ...consumers.flatMap((n) => {
      const run = each.find((one) => one.consumers === n && !one.alone);
      const { p50 = "?", p95 = "?" } = run?.latency_ms_paced ?? {};
      return [whole(run?.orders_per_s_end_to_end), `${p50} and ${p95} ms`];
    }),
    whole(each.find(({ alone }) => alone)?.orders_per_s_accepted),
  ]);
  return markdown(head, body);
}

function whole(value = NaN): string {
  return String(Math.round(value));
}
