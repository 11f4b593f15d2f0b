import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Outcome } from "../../src/tasks/define";
import { actOn } from "../../src/tasks/actions";
import { COUNTERS, foldCounts, SPANS } from "../../src/tasks/counts";
import { enqueueOne } from "../../src/tasks/enqueue";
import { MAX_TIMEOUT_MS } from "../../src/tasks/timeout";
import { moduleStats, overview } from "../../src/tasks/overview";
import { readCounts, overTime, total } from "../../src/tasks/stats";
import { expectBadParameter, expectProblem } from "../support/api";
import { seedTasks } from "../support/api-rows";
import { countingDatabase } from "../support/counting";
import { newLote } from "../../src/tasks/ids";
import { clearTasks } from "../support/recount";
import { siteOf, someKeys } from "../support/task-site";
import { aDefinition } from "../support/tasks";

const NOON = Date.parse("2026-11-22T12:00:30Z");
const { minute: MINUTE, hour: HOUR, day: DAY } = SPANS;

type Input = { ends: Outcome["kind"]; takes: number };
const reason = { code: "because", message: "It had to be" };
const define = (name: string, module: string) =>
  aDefinition({
    name,
    module,
    startedBy: "operator",
    timeoutMs: MAX_TIMEOUT_MS,
    run: async (task) => {
      const { ends, takes } = task.input as Input;
      vi.setSystemTime(Date.now() + takes);
      return ends === "done" ? { kind: "done" } : { kind: "reject", reason };
    },
  });
const [sum, mail, scan] = [define("a.sum", "a"), define("a.mail", "a"), define("b.scan", "b")];
// The clock leaps here, and an alarm set by it goes off at once: recovery would take part.
const resting = { getByName: () => ({ arm: async () => {}, lookNow: async () => {} }) };
const site = siteOf([sum, mail, scan], { RECOVERY: resting });
const keys = await someKeys();

beforeEach(async () => {
  await clearTasks();
  vi.useFakeTimers({ toFake: ["Date"], now: NOON });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Runs one to its end at a moment of the test's choosing. Returns its id. */
async function did(
  definition: typeof sum,
  ends: "done" | "reject" | "nothing",
  at = Date.now(),
  takes = 100,
): Promise<string> {
  vi.setSystemTime(at);
  const input = { ends: ends === "done" ? ends : "reject", takes };
  const id = await enqueueOne(site.env, definition, input, { user: null });
  if (ends !== "nothing") {
    await site.run(id);
  }
  return id;
}

const everything = async () => total(await readCounts(env.DB));
const spans = async () => {
  const { results } = await env.DB.prepare(
    "SELECT span, count(*) AS n FROM task_counts GROUP BY span ORDER BY span",
  ).all<{ span: number; n: number }>();
  return Object.fromEntries(results.map(({ span, n }) => [span, n]));
};

interface Stats {
  total_tasks: number;
  success_rate: number | null;
  avg_duration: number | null;
  p50_duration: number | null;
  p95_duration: number | null;
  by_status: Record<string, number>;
  by_task_name: Record<string, { total: number; success: number; failure: number }>;
  recent_failures: { id: string }[];
}
const stats = (query = "") => site.get<Stats>(`/api/tasks/stats/?${query}`, { key: keys.viewer });

describe("folding", () => {
  it("moves minutes into hours, hours into days and days into ever, and loses nothing", async () => {
    for (let ago = 0; ago < 5; ago++) {
      await did(sum, "done", NOON - ago * 31 * MINUTE, 10 * 4 ** ago);
      await did(mail, ago % 2 ? "reject" : "done", NOON - ago * 3 * HOUR);
      await did(scan, "done", NOON - ago * 40 * HOUR);
    }
    const before = await everything();
    expect(before).toMatchObject({ created: 15, success: 13, failure: 2 });
    const seen: Record<string, number>[] = [];
    for (const later of [0, 10 * MINUTE, HOUR, 2 * HOUR, DAY, 3 * DAY, 32 * DAY, 40 * DAY]) {
      await foldCounts(env.DB, NOON + later);
      expect(await everything()).toEqual(before);
      seen.push(await spans());
    }
    expect(seen[0]?.[MINUTE]).toBeGreaterThan(0);
    expect(seen[3]?.[MINUTE]).toBeUndefined();
    expect(seen[3]?.[HOUR]).toBeGreaterThan(0);
    expect(seen[5]).toEqual({ [DAY]: expect.any(Number) });
    expect(seen.at(-1)).toEqual({ 0: 3 });
    const buckets = await env.DB.prepare("SELECT DISTINCT bucket FROM task_counts").all();
    expect(buckets.results).toEqual([{ bucket: 0 }]);
  });

  it("keeps each event in the hour and the day it was in", async () => {
    const at = NOON - 26 * HOUR;
    await did(sum, "done", at);
    await foldCounts(env.DB, NOON);
    const day = at - (at % DAY);
    const hour = at - (at % HOUR);
    const days = overTime(await readCounts(env.DB), { spanMs: DAY, from: 0 });
    expect(days.map((bucket) => bucket.at)).toEqual([day]);
    const hours = overTime(await readCounts(env.DB), { spanMs: HOUR, from: 0 });
    expect(hours.map((bucket) => bucket.at)).toEqual([hour]); // today and yesterday keep theirs
    await foldCounts(env.DB, NOON + DAY);
    expect(overTime(await readCounts(env.DB), { spanMs: HOUR, from: 0 })).toEqual([]);
    const later = overTime(await readCounts(env.DB), { spanMs: DAY, from: 0 });
    expect(later).toEqual(days);
  });

  it("twice at once, and with an event that comes late, counts nothing twice", async () => {
    await did(sum, "done", NOON - 3 * HOUR);
    const before = await everything();
    await Promise.all([foldCounts(env.DB, NOON), foldCounts(env.DB, NOON)]);
    expect(await everything()).toEqual(before);
    await did(sum, "done", NOON - 3 * HOUR + 1);
    await foldCounts(env.DB, NOON);
    expect(await everything()).toMatchObject({ created: 2, success: 2 });
    expect(overTime(await readCounts(env.DB), { spanMs: HOUR, from: 0 })).toHaveLength(1);
  });

  it("leaves few rows to read, and reads few, however many the tasks", async () => {
    await did(sum, "done", NOON - 40 * DAY);
    await did(sum, "done", NOON - 5 * DAY);
    await foldCounts(env.DB, NOON);
    await seedTasks(
      newLote(NOON),
      Array.from({ length: 2000 }, () => "SUCCESS"),
    );
    const { DB, counts } = countingDatabase();
    await readCounts(DB);
    await moduleStats(DB, { days: 7 });
    expect(counts.rowsRead).toBeLessThan(60);
  });
});

describe("GET /api/tasks/stats", () => {
  it("tells of the last days: totals, rate, durations, names, failures", async () => {
    await did(sum, "done", NOON - 8 * DAY); // the day before the first
    await did(sum, "done", NOON - 7 * DAY - 11 * HOUR, 1000); // whole days: that one counts
    await did(sum, "done", NOON - DAY, 3000);
    const failed = await did(mail, "reject", NOON - HOUR);
    await did(mail, "nothing", NOON);
    const id = await did(scan, "nothing", NOON);
    await actOn(site.env, site.engine, "cancel", id, { by: "user:x" });
    expect(await stats()).toMatchObject({
      total_tasks: 5,
      success_rate: 2 / 3,
      avg_duration: 2,
      by_status: { PENDING: 1, SUCCESS: 2, FAILURE: 1, REVOKED: 1 },
      by_task_name: {
        "a.mail": { total: 2, success: 0, failure: 1 },
        "a.sum": { total: 2, success: 2, failure: 0 },
        "b.scan": { total: 1, success: 0, failure: 0 },
      },
      recent_failures: [{ id: failed }],
    });
    const { p50_duration, p95_duration } = await stats();
    expect(p50_duration).toBeCloseTo(1.024);
    expect(p95_duration).toBeGreaterThan(2.048);
    expect((await stats("days=8")).total_tasks).toBe(6);
    expect((await stats("days=1")).total_tasks).toBe(4);
    await foldCounts(env.DB, NOON);
    expect((await stats("days=8")).total_tasks).toBe(6);
    expect((await stats()).total_tasks).toBe(5);
  });

  it("of one module, and of one nobody knows", async () => {
    await did(sum, "done");
    await did(scan, "reject");
    expect(await stats("module=b")).toMatchObject({
      total_tasks: 1,
      success_rate: 0,
      avg_duration: null,
      by_task_name: { "b.scan": { total: 1 } },
      recent_failures: [{ task_module: "b" }],
    });
    expect((await stats("module=a")).recent_failures).toEqual([]);
    expect(await stats("module=nobody")).toEqual({
      total_tasks: 0,
      success_rate: null,
      avg_duration: null,
      p50_duration: null,
      p95_duration: null,
      by_status: { PENDING: 0, SUCCESS: 0, FAILURE: 0, REVOKED: 0 },
      by_task_name: {},
      recent_failures: [],
    });
  });

  it("shows the five latest failures, the latest first, and none that was run again", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 7; count++) {
      ids.push(await did(mail, "reject", NOON + count * 10));
    }
    await actOn(site.env, site.engine, "retry", ids[5] ?? "", { by: "user:x" });
    const { recent_failures } = await stats();
    expect(recent_failures.map(({ id }) => id)).toEqual([6, 4, 3, 2, 1].map((n) => ids[n]));
  });

  it("stays a rate when older failures are run again", async () => {
    const old = [];
    for (let count = 0; count < 3; count++) {
      old.push(await did(sum, "reject", NOON - 20 * DAY));
    }
    await did(sum, "done", NOON);
    for (const id of old) {
      await actOn(site.env, site.engine, "retry", id, { by: "user:x" });
    }
    expect(await stats()).toMatchObject({
      success_rate: 1,
      by_status: { PENDING: 3, SUCCESS: 1, FAILURE: 0 },
      by_task_name: { "a.sum": { total: 1, success: 1, failure: 0 } },
    });
  });

  it.each([
    ["days", "days=0"],
    ["days", "days=31"],
    ["days", "days=week"],
    ["days", "days=1.5"],
    ["module", "module="],
  ])("refuses a bad %s", async (parameter, query) => {
    const response = await site.ask("GET", `/api/tasks/stats?${query}`, { key: keys.viewer });
    await expectBadParameter(response, parameter);
  });

  it("is for tasks:read", async () => {
    await expectProblem(await site.ask("GET", "/api/tasks/stats/"), 401, "unauthorized");
    const refused = await site.ask("GET", "/api/tasks/stats", { key: keys.tracker });
    await expectProblem(refused, 403, "forbidden");
  });
});

describe("rates", () => {
  it("are means of the last five whole minutes", async () => {
    await did(sum, "done", NOON - 6 * MINUTE); // too long ago
    for (let count = 1; count <= 10; count++) {
      await did(sum, count <= 4 ? "done" : count <= 6 ? "reject" : "nothing", NOON - 2 * MINUTE);
    }
    await did(sum, "done", NOON); // not whole yet
    const { perMinute, totals } = await overview(site.env, site.engine, NOON + 100);
    expect(perMinute).toEqual({ minutes: 5, accepted: 2, succeeded: 0.8, failed: 0.4 });
    expect(totals).toMatchObject({ PENDING: 4, SUCCESS: 6, FAILURE: 2 });
  });
});

it("every counter is a column of the table", async () => {
  const { results } = await env.DB.prepare(
    "SELECT name FROM pragma_table_info('task_counts')",
  ).all<{
    name: string;
  }>();
  const columns = results.map(({ name }) => name);
  expect(columns).toEqual(["span", "bucket", "name", "module", ...COUNTERS]);
});
