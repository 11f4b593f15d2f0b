/**
 * This test counts rows read, over as many tasks and orders as LARGE_TASKS of the environment says
 * (100,000), and prints them by route: LARGE_TASKS=1000000 npm test --
 * test/integration/reading/large.test.ts
 */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { fillStatements } from "../../../bench/fill-sql";
import { exportTasks } from "../../../src/exports/tasks";
import { nextOrders } from "../../../src/orders/reading/walk";
import { bulk } from "../../../src/tasks/commands/bulk";
import { PAST } from "../../../src/tasks/model/counts";
import { Engine } from "../../../src/tasks/model/engine";
import { firstIdAt, batchIdOf } from "../../../src/lib/ids";
import { recover } from "../../../src/tasks/recovery/recover";
import { adminSession, call, type CallInit, type List, masterKey } from "../../support/api";
import { seedLease } from "../../support/api-rows";
import { countingDatabase, type Sent } from "../../support/counting";
import { deafQueue, deliver, storeOrders, storeTasks, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { person as somebody } from "../../support/people";
import { READS, type World } from "../../support/read-routes";
import { expectRightCounts } from "../../support/recount";
import { nameOf, routeTable } from "../../support/route-table";

const TASKS = Number(env.LARGE_TASKS || 100_000);
/** Only filling and recounting take longer with more tasks; reading does not. */
const PATIENCE_MS = 240_000 + TASKS / 4;
const DAY_MS = 86_400_000;
/** A list looks at 1,000 rows, and one more. */
const LOOK = 1001;
/**
 * A row that a list shows is read by id, out of a list of ids, and with the name of whose it is.
 */
const PER_SHOWN = 3;
const SHOWN = 50;
/** A page also reads the caller, the leases, the bell (to 100), and what else it says. */
const BESIDES = 200;
/** Each of 4 task names has at most 120 minutes, 48 hours, 32 days and the rest. */
const COUNTS = 4 * 201;
/** The past has at most thirty days of a month, and then twelve months a year. */
const PAST_COUNTS = 4 * (30 + 12);
/** Open work is the first that wait of each lane, and those that leases hold. */
const OPEN = 3 * 251 + 400;
/**
 * Open rows, or a customer's, are counted up to this many before a list chooses how to find its
 * page.
 */
const SORTED = 501;

/** These routes look more than once. */
const MORE: [of: RegExp, rows: number][] = [
  [/status=(PENDING|STARTED|PROGRESS|RETRY)/, SORTED],
  [/^\/(api\/pedidos|admin\/orders)\?(search|q)=/, SORTED],
  // A name that few tasks have is looked for behind the first 1,000 too.
  [/bulk\/matching.*name=/, LOOK],
  // This route reads three lists.
  [/active_tasks/, 2 * LOOK + 3 * SORTED + 3 * PER_SHOWN * 200],
  // These routes read no list, but counts, open work and, on the dashboard, the latest failures.
  [/flower-info|tasks\/info|metrics/, COUNTS + OPEN - LOOK],
  [/^\/admin(\?|$)/, COUNTS + OPEN + 250 - LOOK],
  // This route looks at the latest failures besides; tasks that are held are read by id too.
  [/tasks\/stats/, COUNTS + PAST_COUNTS + OPEN + 400],
];

function mostRows(path: string): number {
  const shown = Number(/limit=(\d+)/.exec(path)?.[1] ?? SHOWN);
  const more = MORE.filter(([of]) => of.test(path)).reduce((sum, [, rows]) => sum + rows, 0);
  return LOOK + PER_SHOWN * shown + BESIDES + more;
}
/**
 * These tables grow with the work done. The others have few rows: consumers, people, keys,
 * templates.
 */
const GROWING = /^(tasks|orders|notifications|audit_log|task_counts|idempotency_keys|sessions)\b/;

const now = Date.now();
let world: World;

async function query<Row>(sql: string, ...values: unknown[]): Promise<Row[]> {
  return (
    await env.DB.prepare(sql)
      .bind(...values)
      .all<Row>()
  ).results;
}

async function cursorOf(path: string, init: CallInit): Promise<string> {
  const page = await (await call(path, init)).json<List<unknown>>();
  return new URL(page.next ?? "").searchParams.get("cursor") ?? "";
}

beforeAll(async () => {
  const cookie = await adminSession();
  const key = await masterKey();
  for (const { sql } of fillStatements({ tasks: TASKS, orders: TASKS, now })) {
    await env.DB.prepare(sql).run();
  }
  const session = await call("/api/auth/get-session", { cookie });
  const person = (await session.json<{ user: { id: string } }>()).user.id;
  const { id: other } = await somebody("viewer");
  await env.DB.batch([
    env.DB.prepare("UPDATE tasks SET user = ? WHERE user LIKE 'user:%'").bind(`user:${person}`),
    env.DB.prepare("UPDATE notifications SET user = ?").bind(`user:${person}`),
  ]);
  const middle = firstIdAt(now - 15 * DAY_MS);
  const [row] = await query<{ id: string; subject: string }>(
    "SELECT id, subject FROM tasks WHERE id > ? AND status = 'SUCCESS' AND queue = 'orders' LIMIT 1",
    middle,
  );
  const day = (days: number) => new Date(now - days * DAY_MS).toISOString().slice(0, 10);
  const cursors = {
    tasks: await cursorOf(`/api/tasks/executions?created_before=${day(10)}T00:00:00Z`, { key }),
    orders: await cursorOf(`/api/pedidos?hasta=${day(10)}T00:00:00Z`, { key }),
    notifications: await cursorOf("/api/tasks/notifications", { cookie }),
    audit: await cursorOf("/api/audit", { cookie }),
  };
  const task = row?.id ?? "";
  const order = row?.subject ?? "";
  const lote = batchIdOf(task);
  world = { task, lote, order, person, other, from: day(20), to: day(18), cursors };
}, PATIENCE_MS);

interface Visit {
  path: string;
  rows: number;
  problems: string[];
}

async function visit(path: string): Promise<Visit> {
  const { DB, sent, counts } = countingDatabase();
  const response = await call(path, { cookie: await adminSession(), env: { DB } });
  const text = await response.text();
  const problems = [];
  if (response.status >= 400 && ![403, 404, 409, 426].includes(response.status)) {
    problems.push(`answered ${response.status}: ${text.slice(0, 200)}`);
  }
  const most = mostRows(path);
  if (counts.rowsRead > most) {
    const dearest = sent.toSorted((a, b) => b.rowsRead - a.rowsRead).slice(0, 4);
    const each = dearest.map(({ rowsRead, sql }) => `${rowsRead}: ${oneLine(sql)}`);
    problems.push(`${counts.rowsRead} rows, not ${most}:\n  ${each.join("\n  ")}`);
  }
  for (const statement of sent) {
    problems.push(...(await scans(statement)));
  }
  return { path, rows: counts.rowsRead, problems };
}

/** Returns what of a growing table the statement reads from end to end. */
async function scans({ sql, values, rowsRead }: Sent): Promise<string[]> {
  const explained = env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...values);
  const steps = (await explained.all<{ detail: string }>()).results.map(({ detail }) => detail);
  // A statement with a limit may scan. The rows it read then tell whether it walked an index or
  // sorted all there is.
  const isBounded = /\b(LIMIT|EXISTS)\b/i.test(sql) && rowsRead <= 3 * LOOK;
  return steps
    .filter((detail) => detail.startsWith("SCAN ") && GROWING.test(detail.slice("SCAN ".length)))
    .filter(() => !isBounded)
    .map((detail) => `${detail}, ${rowsRead} rows: ${oneLine(sql)}`);
}

const oneLine = (sql: string) => sql.replaceAll(/\s+/g, " ");

async function visitAll(): Promise<Visit[]> {
  const visits: Visit[] = [];
  for (const path of Object.values(READS).flatMap((paths) => paths(world))) {
    visits.push(await visit(path));
  }
  return visits;
}

function problemsOf(visits: Visit[]): string[] {
  return visits.flatMap(({ path, problems }) => problems.map((problem) => `${path} ${problem}`));
}

function report(title: string, visits: Visit[]): void {
  const lines = visits.map(({ rows, path }) => `${String(rows).padStart(7)}  ${decodeURI(path)}`);
  console.log(`${title}: rows read\n${lines.join("\n")}`);
}

it(
  "is filled with statistics that equal a recount",
  async () => {
    await expectRightCounts();
    const [stored] = await query<{ tasks: number; orders: number; linked: number }>(
      `SELECT (SELECT count(*) FROM tasks) AS tasks, (SELECT count(*) FROM orders) AS orders,
       (SELECT count(*) FROM tasks t LEFT JOIN orders o ON o.id = t.subject AND o.task_id = t.id
        WHERE t.name = 'pedidos.procesar' AND (t.status = 'SUCCESS') <> (o.id IS NOT NULL)) AS linked`,
    );
    expect(stored).toEqual({ tasks: TASKS, orders: TASKS, linked: 0 });
  },
  PATIENCE_MS,
);

it("has an entry for every route that reads", () => {
  const reads = routeTable.filter(({ method }) => method === "GET").map(nameOf);
  expect(Object.keys(READS).toSorted()).toEqual(reads.toSorted());
});

describe(`over ${TASKS} tasks and as many orders`, () => {
  it(
    "every read route reads few rows, and no table from end to end",
    async () => {
      const visits = await visitAll();
      report("With little open", visits);
      expect(problemsOf(visits)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it("orders are taken in, processed and recovered as over an empty database", async () => {
    const { DB, sent, counts } = countingDatabase();
    const tested = testEnv({ DB });
    const orders = Array.from({ length: 100 }, () => anOrder());
    const ids = await storeOrders(tested, orders);
    const { acked } = await deliver(ids, tested);
    expect(acked).toHaveLength(orders.length);
    const perOrder = counts.rowsRead / orders.length;
    await recover(tested, now);
    const recovery = counts.rowsRead - perOrder * orders.length;
    console.log(`Rows read: ${perOrder} per order, ${recovery} by a recovery`);
    expect(perOrder).toBeLessThanOrEqual(30);
    expect(recovery).toBeLessThanOrEqual(500);
    expect((await Promise.all(sent.map(scans))).flat()).toEqual([]);
  });

  it("an export goes on from its place, not from where its filter begins", async () => {
    const { DB, counts } = countingDatabase();
    const place = [now - 10 * DAY_MS, ""] as const;
    const page = await nextOrders(DB, { from: now - 29 * DAY_MS }, place);
    expect(page?.rows).toHaveLength(500);
    expect(counts.rowsRead).toBeLessThanOrEqual(6 * 500);
  });

  it.each([
    [
      "a bulk action on most of history",
      bulk,
      { action: "cancel", filter: { status: "SUCCESS" } },
      "matched",
      0.89,
    ],
    [
      "an export that finds one in a hundred",
      exportTasks,
      { formato: "csv", filter: { name: "reports.yearly" } },
      "filas",
      0.01,
    ],
  ])(
    "%s goes by slices, none of which asks D1 a thousand times",
    async (name, definition, input, field, share) => {
      const [id = ""] = await storeTasks(env, definition, [input]);
      const queries: number[] = [];
      const percents: number[] = [];
      while ((await taskOf(id)).status === "PENDING") {
        const { DB, counts } = countingDatabase();
        await deliver([id], testEnv({ DB, QUEUE_TASKS: deafQueue }), new Engine([definition]));
        queries.push(counts.statements);
        percents.push((await taskOf(id)).progress ?? 0);
      }
      console.log(`${name}: ${queries.join(", ")} queries a slice`);
      const { status, result } = await taskOf(id);
      expect(status).toBe("SUCCESS");
      const matched = (JSON.parse(result ?? "{}") as Record<string, number>)[field] ?? 0;
      expect(Math.abs(matched - share * TASKS)).toBeLessThan(200);
      expect(queries.length).toBeGreaterThanOrEqual(TASKS / 75_000);
      expect(Math.max(...queries)).toBeLessThan(1000);
      expect(percents).toEqual(percents.toSorted((a, b) => a - b));
      expect(percents[0]).toBeLessThan(90);
    },
    PATIENCE_MS,
  );

  it(
    "every read route still does with a deep backlog, and with counts and messages of every minute",
    async () => {
      await makeBusy();
      const visits = await visitAll();
      report("With a deep backlog", visits);
      expect(problemsOf(visits)).toEqual([]);
    },
    PATIENCE_MS,
  );
});

const BACKLOG = 5000;

/**
 * Makes it as busy as it gets: thousands are due, consumers are at work, and no stretch of time is
 * without its counts.
 */
async function makeBusy(): Promise<void> {
  const orders = Array.from({ length: BACKLOG }, () => anOrder());
  const ids = await storeOrders(env, orders);
  // Recovery is not to send these tasks while the test looks.
  await env.DB.prepare("UPDATE tasks SET check_at = ?1 WHERE status = 'PENDING'")
    .bind(now + DAY_MS)
    .run();
  for (let start = 0; start < 400; start += 100) {
    await seedLease("busy", ids.slice(start, start + 100));
  }
  // Folding leaves at most two hours of minutes, two days of hours, and 32 days; and the past.
  for (const [span, kept] of [
    [60_000, 120],
    [3_600_000, 48],
    [DAY_MS, 32],
    [PAST.day, 400],
    [PAST.month, 13],
  ] as const) {
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
       INSERT INTO task_counts (span, bucket, name, module)
       SELECT ?1, ?3 - ?3 % abs(?1) - i * abs(?1), name, module
       FROM n, (SELECT DISTINCT name, module FROM task_counts WHERE span = ${DAY_MS}) WHERE true
       ON CONFLICT DO NOTHING`,
    )
      .bind(span, kept, now)
      .run();
  }
  await env.DB.prepare("UPDATE notifications SET read_at = NULL").run();
}
