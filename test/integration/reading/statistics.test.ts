import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Outcome } from "../../../src/tasks/model/define";
import { actOn } from "../../../src/tasks/commands/actions";
import { COUNTERS, foldCounts, PAST, SPANS } from "../../../src/tasks/model/counts";
import { enqueueOne } from "../../../src/tasks/accepting/enqueue";
import { MAX_TIMEOUT_MS } from "../../../src/tasks/model/timeout";
import { moduleStats } from "../../../src/tasks/statistics/module-stats";
import { overview } from "../../../src/tasks/statistics/overview";
import { readCounts, overTime, total } from "../../../src/tasks/statistics/stats";
import { expectBadParameter, expectProblem } from "../../support/api";
import { seedLease, seedTasks } from "../../support/api-rows";
import { countingDatabase } from "../../support/counting";
import { newBatchId } from "../../../src/lib/ids";
import { clearTasks } from "../../support/recount";
import { faultyDatabase, strike } from "../../support/faults";
import { person } from "../../support/people";
import { siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

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
// The clock leaps here, and an alarm set by it would go off at once: recovery would take part.
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

/** Runs a task to its end at a moment of the test's choosing. Returns its id. */
async function did(
  definition: typeof sum,
  ends: "done" | "reject" | "nothing",
  at = Date.now(),
  takes = 100,
): Promise<string> {
  vi.setSystemTime(at);
  const input = { ends: ends === "reject" ? ends : "done", takes };
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
  success_rate: number;
  avg_duration: number;
  p50_duration: number | null;
  p95_duration: number | null;
  by_status: Record<string, number>;
  by_task_name: Record<string, number>;
  outcomes_by_task_name: Record<string, { total: number; success: number; failure: number }>;
  recent_failures: { task_id: string; user: string | null }[];
}
const NOTHING: Stats = {
  total_tasks: 0,
  success_rate: 0,
  avg_duration: 0,
  p50_duration: null,
  p95_duration: null,
  by_status: { PENDING: 0, STARTED: 0, SUCCESS: 0, FAILURE: 0, REVOKED: 0 },
  by_task_name: {},
  outcomes_by_task_name: {},
  recent_failures: [],
};
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
    expect(seen.at(-1)).toMatchObject({ 0: 3 });
    expect(
      Object.keys(seen.at(-1) ?? {})
        .map(Number)
        .filter((span) => span > 0),
    ).toEqual([]);
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
    // Today and yesterday keep their hours.
    expect(hours.map((bucket) => bucket.at)).toEqual([hour]);
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
      newBatchId(NOON),
      Array.from({ length: 2000 }, () => "SUCCESS"),
    );
    const { DB, counts } = countingDatabase();
    await readCounts(DB);
    await moduleStats({ ...site.env, DB }, site.engine, { days: 7 });
    expect(counts.rowsRead).toBeLessThan(60);
  });
});

describe("days long ago", () => {
  const AGES = [0, 30, 31, 40, 59, 60, 89, 90, 91, 200, 365, 400];
  /** Counts the tasks that were accepted at most this many days ago. */
  const young = (days: number) => AGES.filter((age) => age <= days).length;
  const accepted = async (days: number) => {
    const { total_tasks, by_status, by_task_name } = await stats(`module=a&days=${days}`);
    expect(by_status["SUCCESS"]).toBe(total_tasks);
    expect(by_task_name).toEqual({ "a.sum": total_tasks });
    return total_tasks;
  };
  const WINDOWS = [1, 30, 31, 45, 60, 90, 91, 199, 200, 364, 365, 400, 36_500];
  const expectAll = async () => {
    for (const days of WINDOWS) {
      expect(await accepted(days), `${days} days`).toBe(young(days));
    }
  };

  it("are counted as ever after they were folded, whatever was folded when", async () => {
    for (const ago of AGES.toReversed()) {
      const at = NOON - ago * DAY;
      await foldCounts(env.DB, at);
      await did(sum, "done", at, 100 + ago);
      await did(scan, "reject", at);
    }
    const { avg_duration } = await stats("module=a&days=90");
    expect(avg_duration).toBeCloseTo((800 + 30 + 31 + 40 + 59 + 60 + 89 + 90) / 8 / 1000);
    await expectAll();
    const before = await stats("days=90");
    for (let repeat = 0; repeat < 2; repeat++) {
      await foldCounts(env.DB, NOON);
      await expectAll();
      expect(await stats("days=90")).toEqual(before);
    }
    expect(await everything()).toMatchObject({ created: 24, success: 12, failure: 12 });
  });

  it("are kept once when the fold was committed and reported failed", async () => {
    await did(sum, "done", NOON - 45 * DAY);
    const DB = faultyDatabase(strike("INSERT INTO task_counts", "commits, but is reported failed"));
    for (const span of [MINUTE, HOUR]) {
      await env.DB.prepare("UPDATE task_counts SET span = ?1 WHERE span = ?2")
        .bind(DAY, span)
        .run();
    }
    await env.DB.prepare("UPDATE task_counts SET bucket = bucket - bucket % ?1").bind(DAY).run();
    vi.setSystemTime(NOON);
    await foldCounts(DB, NOON);
    expect((await stats("days=44")).total_tasks).toBe(0);
    expect((await stats("days=45")).total_tasks).toBe(1);
    expect((await stats("days=200")).total_tasks).toBe(1);
  });

  it("are no part of what others read", async () => {
    await did(sum, "done", NOON - 45 * DAY);
    await foldCounts(env.DB, NOON);
    expect(await spans()).toEqual({ [PAST.month]: 1, [PAST.day]: 1, 0: 1 });
    expect(await everything()).toMatchObject({ created: 1, success: 1 });
    const { totals } = await overview(site.env, site.engine, NOON);
    expect(totals).toMatchObject({ PENDING: 0, SUCCESS: 1 });
  });

  it("cost a row a month", async () => {
    const days = Array.from({ length: 400 }, (_, ago) => NOON - ago * DAY);
    await env.DB.prepare(
      `INSERT INTO task_counts (span, bucket, name, module, created)
       SELECT ?2, value - value % ?2, 'a.sum', 'a', 1 FROM json_each(?1)`,
    )
      .bind(JSON.stringify(days), DAY)
      .run();
    await foldCounts(env.DB, NOON);
    const { DB, counts } = countingDatabase();
    const found = await moduleStats({ ...site.env, DB }, site.engine, { days: 365 });
    expect(found.total).toBe(366);
    expect(counts.rowsRead).toBeLessThan(32 + 30 + 12 + 20);
    await clearTasks();
  });
});

describe("GET /api/tasks/stats", () => {
  it("tells of the last days: totals, rate, durations, names, failures", async () => {
    await did(sum, "done", NOON - 8 * DAY); // This task is of the day before the first.
    // Days are whole, so this task counts.
    await did(sum, "done", NOON - 7 * DAY - 11 * HOUR, 1000);
    await did(sum, "done", NOON - DAY, 3000);
    const failed = await did(mail, "reject", NOON - HOUR);
    await did(mail, "nothing", NOON);
    const id = await did(scan, "nothing", NOON);
    await actOn(site.env, site.engine, "cancel", id, { by: "user:x" });
    expect(await stats()).toMatchObject({
      total_tasks: 5,
      success_rate: 40,
      avg_duration: 2,
      by_status: { PENDING: 1, STARTED: 0, SUCCESS: 2, FAILURE: 1, REVOKED: 1 },
      by_task_name: { "a.mail": 2, "a.sum": 2, "b.scan": 1 },
      outcomes_by_task_name: {
        "a.mail": { total: 2, success: 0, failure: 1 },
        "a.sum": { total: 2, success: 2, failure: 0 },
        "b.scan": { total: 1, success: 0, failure: 0 },
      },
      recent_failures: [{ task_id: failed }],
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
      avg_duration: 0,
      by_task_name: { "b.scan": 1 },
      recent_failures: [{ task_name: "b.scan" }],
    });
    expect((await stats("module=a")).recent_failures).toEqual([]);
    expect(await stats("module=nobody")).toEqual(NOTHING);
  });

  it("a success, a failure and eight cancelled are ten percent", async () => {
    await did(sum, "done");
    await did(sum, "reject");
    for (let count = 0; count < 8; count++) {
      const id = await did(sum, "nothing");
      await actOn(site.env, site.engine, "cancel", id, { by: "user:x" });
    }
    expect(await stats("module=a")).toMatchObject({
      total_tasks: 10,
      success_rate: 10,
      by_status: { PENDING: 0, STARTED: 0, SUCCESS: 1, FAILURE: 1, REVOKED: 8 },
      by_task_name: { "a.sum": 10 },
    });
  });

  it("never tells of more than a hundred percent", async () => {
    const ids = [await did(sum, "nothing", NOON - 8 * DAY), await did(sum, "nothing", NOON)];
    await site.run(...ids);
    expect(await stats()).toMatchObject({
      total_tasks: 1,
      success_rate: 100,
      by_status: { SUCCESS: 2 },
      by_task_name: { "a.sum": 1 },
    });
    await clearTasks();
    await site.run(await did(mail, "nothing", NOON - 2 * DAY));
    vi.setSystemTime(NOON + 6 * DAY);
    expect(await stats()).toEqual(NOTHING);
  });

  it("tells those that run from those that wait, of what was accepted in the days", async () => {
    const old = [NOON - 9 * DAY, NOON - 8 * DAY];
    const [longHeld, ...waiting] = [
      await did(sum, "nothing", old[0]),
      await did(sum, "nothing", old[1]),
      await did(sum, "nothing", NOON),
      await did(sum, "nothing", NOON),
      await did(scan, "nothing", NOON),
    ];
    const track = async (task_id: string, at: number, status = "STARTED") => {
      vi.setSystemTime(at);
      const named = { task_id, task_name: "a.elsewhere", task_module: "a" };
      const body = { ...named, timeout_seconds: 86_400, status };
      await site.post("/api/tasks/executions/", { key: keys.tracker, body }, 201);
    };
    await track("old", NOON - 8 * DAY);
    await track("old, ahead", NOON - 8 * DAY, "PENDING");
    await track("new", NOON);
    await track("new, ahead", NOON, "PENDING");
    await seedLease("busy", [longHeld, waiting[1] ?? "", waiting[3] ?? ""]);
    const open = async (query: string) => (await stats(query)).by_status;
    const ends = { SUCCESS: 0, FAILURE: 0, REVOKED: 0 };
    expect(await open("module=a")).toEqual({ PENDING: 2, STARTED: 2, ...ends });
    expect(await open("module=b")).toEqual({ PENDING: 0, STARTED: 1, ...ends });
    expect(await open("")).toEqual({ PENDING: 2, STARTED: 3, ...ends });
    expect(await open("days=8")).toEqual({ PENDING: 4, STARTED: 4, ...ends });
    expect(await open("days=9")).toEqual({ PENDING: 4, STARTED: 5, ...ends });
    expect((await stats("days=9")).total_tasks).toBe(9);
  });

  it("counts each once behind a backlog deeper than is looked at", async () => {
    const ids = (
      await seedTasks(
        newBatchId(NOON),
        Array.from({ length: 300 }, () => "PENDING"),
      )
    ).map(({ id }) => id);
    await seedLease("busy", ids.slice(0, 40));
    for (let n = 0; n < 251; n++) {
      const body = { task_id: `deep${n}`, task_name: "x.y", task_module: "x" };
      await site.post("/api/tasks/executions/", { key: keys.tracker, body }, 201);
    }
    await env.DB.prepare("UPDATE task_counts SET span = ?1, bucket = ?2 WHERE span = 0")
      .bind(MINUTE, NOON - (NOON % MINUTE))
      .run();
    expect((await stats()).by_status).toMatchObject({ PENDING: 260, STARTED: 291 });
    expect((await stats("module=pedidos")).by_status).toMatchObject({ PENDING: 260, STARTED: 40 });
    expect((await stats("module=x")).by_status).toMatchObject({ PENDING: 0, STARTED: 251 });
  });

  it("names the latest failures of the days, and who asked for them", async () => {
    const { id } = await person("viewer", "Ana Gómez");
    const [, keyId = ""] = keys.tracker.split("_");
    const failures = [];
    for (const user of [`user:${id}`, `key:${keyId}`, null, "user:gone"]) {
      const task = await did(mail, "reject");
      await env.DB.prepare("UPDATE tasks SET user = ? WHERE id = ?").bind(user, task).run();
      failures.push(task);
    }
    await did(mail, "reject", NOON - 8 * DAY);
    vi.setSystemTime(NOON + 10);
    const { recent_failures } = await stats();
    const failure = (task_id: string | undefined, user: unknown) => ({
      task_id,
      task_name: "a.mail",
      error_code: "because",
      error_message: "It had to be",
      created_at: expect.stringMatching(/^2026-11-22T12:00:30/),
      user,
    });
    expect(recent_failures).toEqual([
      failure(failures[3], null),
      failure(failures[2], null),
      failure(failures[1], expect.stringMatching(/\S/)),
      failure(failures[0], "Ana Gómez"),
    ]);
    expect((await stats("days=8")).recent_failures).toHaveLength(5);
  });

  it("finds a module's failures behind hundreds of others", async () => {
    const failed = await did(scan, "reject");
    await seedTasks(
      newBatchId(NOON + 1000),
      Array.from({ length: 700 }, () => "FAILURE"),
    );
    expect((await stats("module=b")).recent_failures).toMatchObject([{ task_id: failed }]);
  });

  it("shows the five latest failures, the latest first, and none that was run again", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 7; count++) {
      ids.push(await did(mail, "reject", NOON + count * 10));
    }
    await actOn(site.env, site.engine, "retry", ids[5] ?? "", { by: "user:x" });
    const { recent_failures } = await stats();
    expect(recent_failures.map(({ task_id }) => task_id)).toEqual(
      [6, 4, 3, 2, 1].map((n) => ids[n]),
    );
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
      success_rate: 100,
      by_status: { PENDING: 0, SUCCESS: 1, FAILURE: 0 },
      outcomes_by_task_name: { "a.sum": { total: 1, success: 1, failure: 0 } },
    });
    expect((await stats("days=20")).by_status).toMatchObject({ PENDING: 3, SUCCESS: 1 });
  });

  it.each([
    ["days", "days=0"],
    ["days", "days=-1"],
    ["days", "days=week"],
    ["days", "days=1.5"],
    ["module", "module="],
  ])("refuses a bad %s", async (parameter, query) => {
    const response = await site.ask("GET", `/api/tasks/stats?${query}`, { key: keys.viewer });
    await expectBadParameter(response, parameter);
  });

  it.each([1, 31, 90, 365, 20_000, 36_500])("takes %i days", async (days) => {
    await did(sum, "done");
    expect(await stats(`days=${days}`)).toMatchObject({ total_tasks: 1, success_rate: 100 });
  });

  it("is for tasks:read", async () => {
    await expectProblem(await site.ask("GET", "/api/tasks/stats/"), 401, "unauthorized");
    const refused = await site.ask("GET", "/api/tasks/stats", { key: keys.tracker });
    await expectProblem(refused, 403, "forbidden");
  });
});

describe("rates", () => {
  it("are means of the last five whole minutes", async () => {
    await did(sum, "done", NOON - 6 * MINUTE); // This task is too long ago.
    for (let count = 1; count <= 10; count++) {
      await did(sum, count <= 4 ? "done" : count <= 6 ? "reject" : "nothing", NOON - 2 * MINUTE);
    }
    await did(sum, "done", NOON); // This task's minute is not whole yet.
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
