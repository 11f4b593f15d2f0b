import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { firstIdAt, loteOf } from "../../src/tasks/ids";
import { adminSession, call, type CallInit, type List, masterKey } from "../support/api";
import { dropLease, seedLease } from "../support/api-rows";
import { countingDatabase, type Sent } from "../support/counting";
import { fillStatements } from "../support/fill.mjs";
import { READS, type World } from "../support/read-routes";
import { expectRightCounts } from "../support/recount";
import { nameOf, routeTable } from "../support/route-table";

const TASKS = 100_000;
const DAY_MS = 86_400_000;
/** A list looks at 1,000 rows and shows up to 200. */
const AT_MOST = 1200;
/** Rows that grow with the work done. The others are few: consumers, people, keys, templates. */
const GROWING = /^(tasks|orders|notifications|audit_log|task_counts|idempotency_keys|sessions)\b/;

const now = Date.now();
let world: World;

async function query<Row>(sql: string, ...values: unknown[]): Promise<Row[]> {
  return (await env.DB.prepare(sql).bind(...values).all<Row>()).results;
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
  world = {
    ...{ task, lote: loteOf(task), order: row?.subject ?? "", person },
    ...{ from: day(20), to: day(18), cursors },
  };
}, 240_000);

interface Visit {
  route: string;
  path: string;
  rows: number;
  problems: string[];
}

async function visit(route: string, path: string): Promise<Visit> {
  const { DB, sent, counts } = countingDatabase();
  const response = await call(path, { cookie: await adminSession(), env: { DB } });
  const text = await response.text();
  const problems = [];
  if (response.status >= 400 && ![404, 426].includes(response.status)) {
    problems.push(`answered ${response.status}: ${text.slice(0, 200)}`);
  }
  if (counts.rowsRead > AT_MOST) {
    const dearest = sent.toSorted((a, b) => b.rowsRead - a.rowsRead).slice(0, 4);
    const each = dearest.map(({ rowsRead, sql }) => `${rowsRead}: ${sql.replaceAll(/\s+/g, " ")}`);
    problems.push(`${counts.rowsRead} rows:\n  ${each.join("\n  ")}`);
  }
  for (const statement of sent) {
    problems.push(...(await scans(statement)));
  }
  return { route, path, rows: counts.rowsRead, problems };
}

/** What of a growing table the statement's plan reads without a range, and without an end. */
async function scans({ sql, values }: Sent): Promise<string[]> {
  const explained = env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...values);
  const steps = (await explained.all<{ detail: string }>()).results.map(({ detail }) => detail);
  const sorts = steps.some((detail) => /USE TEMP B-TREE FOR ORDER BY/.test(detail));
  return steps
    .filter((detail) => GROWING.test(detail.replace(/^SCAN /, "")) && detail.startsWith("SCAN "))
    .filter(() => sorts || !/\bLIMIT\b/i.test(sql))
    .map((detail) => `${detail}: ${sql.replaceAll(/\s+/g, " ")}`);
}

async function visitAll(routes: string[]): Promise<Visit[]> {
  const visits: Visit[] = [];
  for (const route of routes) {
    for (const path of READS[route]?.(world) ?? []) {
      visits.push(await visit(route, path));
    }
  }
  return visits;
}

function report(title: string, visits: Visit[]): void {
  const lines = visits.map(({ rows, path }) => `${String(rows).padStart(7)}  ${decodeURI(path)}`);
  console.log(`${title}: rows read\n${lines.join("\n")}`);
}

it("is filled with statistics that equal a recount", async () => {
  await expectRightCounts(true);
  const [stored] = await query<{ tasks: number; orders: number; linked: number }>(
    `SELECT (SELECT count(*) FROM tasks) AS tasks, (SELECT count(*) FROM orders) AS orders,
       (SELECT count(*) FROM tasks t LEFT JOIN orders o ON o.id = t.subject AND o.task_id = t.id
        WHERE t.name = 'pedidos.procesar' AND (t.status = 'SUCCESS') <> (o.id IS NOT NULL)) AS linked`,
  );
  expect(stored).toEqual({ tasks: TASKS, orders: TASKS, linked: 0 });
});

it("has an entry for every route that reads", () => {
  const reads = routeTable.filter(({ method }) => method === "GET").map(nameOf);
  expect(Object.keys(READS).toSorted()).toEqual(reads.toSorted());
});

describe(`over ${TASKS} tasks and as many orders`, () => {
  it("every read route reads few rows, and no table from end to end", async () => {
    const visits = await visitAll(Object.keys(READS));
    report("with little open", visits);
    expect(visits.flatMap(({ path, problems }) => problems.map((p) => `${path} ${p}`))).toEqual([]);
  }, 240_000);
});
