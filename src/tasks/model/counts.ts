/**
 * Statistics are counted in the very transaction that changes a task, so they equal a recount at
 * any moment. An event costs one row per task name and module: that of its minute. Recovery moves
 * minutes into hours, hours into days, and days into one row for ever, so that totals, rates and
 * histograms read the same few rows over ten tasks or ten million.
 */
import { sql } from "../../db/sql";
import { retryD1 } from "../../db/retry";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** SPANS are values of `span` in milliseconds, 0 for ever. The sum of their rows is everything. */
export const SPANS = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS, ever: 0 } as const;

/**
 * PAST keeps what was folded into `ever` by the day and by thirty days too, for questions about long
 * ago. Its spans are negative, since these rows repeat what those of SPANS say.
 */
export const PAST = { day: -DAY_MS, month: -30 * DAY_MS } as const;

/** Successes are counted by duration too: d0 up to 8 ms, d1 up to 16 ms, and so on. */
export const DURATION_EDGES_MS = Array.from({ length: 17 }, (_, k) => 8 * 2 ** k);

/** Each event is a counter. One of a state that tasks may leave again has a counterpart. */
const EVENTS = ["created", "success", "failure", "revoked", "unfailed", "unrevoked"] as const;
type Event = (typeof EVENTS)[number];
export type Counter = Event | "duration_ms" | `d${number}`;

export const COUNTERS: readonly Counter[] = [
  ...EVENTS,
  "duration_ms",
  ...DURATION_EDGES_MS.map((_, k) => `d${k}` as const),
];

const ADD = `ON CONFLICT (span, bucket, module, name) DO UPDATE SET
  ${COUNTERS.map((counter) => `${counter} = ${counter} + excluded.${counter}`).join(", ")}`;

/** CountedAs is SQL of the name and module that a row is counted under, and of its event's time. */
const OWN_NAME = { name: "name", module: "module" };
type CountedAs = typeof OWN_NAME & { at?: string };

/**
 * Makes SQL that counts `events`, SQL by counter, of the rows of `from`, a FROM clause with its
 * WHERE: under its columns `name` and `module`, in the minute of `:now`, unless `as` differs.
 */
export function countSql(
  events: Partial<Record<Event | "duration_ms", string>>,
  from: string,
  as: CountedAs = OWN_NAME,
): string {
  return addSql({ ...events }, from, as);
}

/**
 * Makes SQL that counts the ends of those rows of `tasks` in `where` that have ended. For rows that
 * are about to end, `end` is the SQL of their new state and its time.
 */
export function countEndsSql(
  where: string,
  end = { status: "status", at: "finished_at" },
  as = OWN_NAME,
): string {
  const success = `${end.status} = 'SUCCESS'`;
  // A task that was never reported as started counts as started when it ended.
  const duration = `${end.at} - coalesce(started_at, ${end.at})`;
  const took = DURATION_EDGES_MS.map((edge, k) => [
    `d${k}`,
    `count(*) FILTER (WHERE ${success} AND ${duration} <= ${edge})`,
  ]);
  return addSql(
    {
      success: `count(*) FILTER (WHERE ${success})`,
      failure: `count(*) FILTER (WHERE ${end.status} = 'FAILURE')`,
      duration_ms: `coalesce(sum(${duration}) FILTER (WHERE ${success}), 0)`,
      ...Object.fromEntries(took),
    },
    `FROM tasks WHERE ${where} AND ${end.status} IN ('SUCCESS','FAILURE')`,
    as,
  );
}

function addSql(values: Record<string, string>, from: string, as: CountedAs): string {
  const { name, module, at = ":now" } = as;
  return `
INSERT INTO task_counts (span, bucket, name, module, ${Object.keys(values).join(", ")})
SELECT ${MINUTE_MS}, ${at} - ${at} % ${MINUTE_MS}, ${name}, ${module}, ${Object.values(values).join(", ")}
${from} GROUP BY 4, 3, 2
${ADD}`;
}

/** FOLDS says what is folded into what, and for how long it is kept apart. */
const FOLDS = [
  { from: SPANS.minute, into: [SPANS.hour], unit: HOUR_MS, keepMs: HOUR_MS },
  { from: SPANS.hour, into: [SPANS.day], unit: DAY_MS, keepMs: DAY_MS },
  {
    from: SPANS.day,
    into: [SPANS.ever, PAST.day, PAST.month],
    unit: DAY_MS,
    keepMs: 31 * DAY_MS,
  },
];

const IS_DUE = sql(
  "SELECT 1 AS due FROM task_counts WHERE span = :span AND bucket < :before LIMIT 1",
);
const ADD_UP = sql(
  `
INSERT INTO task_counts (span, bucket, name, module, ${COUNTERS.join(", ")})
SELECT :into, iif(:into = 0, 0, bucket - bucket % abs(:into)), name, module,
  ${COUNTERS.map((counter) => `sum(${counter})`).join(", ")}
FROM task_counts WHERE span = :span AND bucket < :before
GROUP BY 2, module, name
${ADD}`,
  ["span", "before", "into"],
);
const DELETE = sql("DELETE FROM task_counts WHERE span = :span AND bucket < :before");

/** Folds what is old enough, by whole hours and days only, so that no bucket is ever split. */
export async function foldCounts(db: D1Database, now: number): Promise<void> {
  for (const { from, into, unit, keepMs } of FOLDS) {
    const before = now - keepMs;
    const cut = before - (before % unit);
    if (await IS_DUE.on(db, { span: from, before: cut }).first()) {
      await retryD1(db, () =>
        db.batch([
          ...into.map((span) => ADD_UP.on(db, { span: from, before: cut, into: span })),
          DELETE.on(db, { span: from, before: cut }),
        ]),
      );
    }
  }
}
