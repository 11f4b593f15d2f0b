/** The statements tell whom work that runs elsewhere notifies, and when, over rows of its lane. */
import { sql } from "../../../src/db/sql";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type Notification, notificationsOf } from "../../../src/tasks/reading/notifications";
import {
  crossedNotice,
  type Notify,
  notifyEndsSql,
  notifyLostSql,
  startedNotice,
} from "../../../src/tasks/model/notify";
import { getTask } from "../../../src/tasks/model/queries";
import { startTracking } from "../../../src/tasks/tracked/tracked";
import { finishTracking } from "../../../src/tasks/tracked/tracked-reports";
import { countingDatabase } from "../../support/counting";
import { clearTasks, recount } from "../../support/recount";
import { grantedOf } from "../../support/result";

const USER = "user:ada";
const NOW = 1_800_000_000_000;
const ALL: Notify = { start: true, complete: true, error: true, progress: 25 };

beforeEach(async () => {
  await clearTasks();
  await env.DB.exec("DELETE FROM notifications");
});

let made = 0;
async function tracked(notify: Notify | null = ALL, module = "nomina"): Promise<string> {
  const tracking = await startTracking(env, {
    externalId: `elsewhere-${++made}`,
    name: "cerrar",
    module,
    description: "",
    user: USER,
    timeoutMs: 60_000,
    context: "{}",
  });
  const { id } = grantedOf(tracking).task;
  await env.DB.prepare("UPDATE tasks SET notify = ?2 WHERE id = ?1")
    .bind(id, notify && JSON.stringify(notify))
    .run();
  return id;
}
const told = async () => {
  const sql = "SELECT * FROM notifications ORDER BY updated_at, id";
  return (await env.DB.prepare(sql).all<Notification>()).results;
};
const typesOf = (rows: Notification[]) => rows.map(({ type, count }) => `${count} ${type}`);

async function report(id: string, percent: number, at = NOW): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("UPDATE tasks SET progress = ?2, step = 'Sumando' WHERE id = ?1").bind(
      id,
      percent,
    ),
    crossedNotice(env.DB, id, at),
  ]);
}

async function end(id: string, status: string, error: string | null = null): Promise<void> {
  await env.DB.batch([
    env.DB.prepare(
      `UPDATE tasks SET status = ?2, finished_at = ?3, error_message = ?4,
         error_code = iif(?4 IS NULL, NULL, 'failed') WHERE id = ?1`,
    ).bind(id, status, NOW, error),
    sql(notifyEndsSql("id = :id AND finished_at = :now"), ["id", "now"]).on(env.DB, {
      id,
      now: NOW,
    }),
  ]);
  await recount();
}

describe("work that runs elsewhere tells whose it is", () => {
  it("of its start", async () => {
    const id = await tracked();
    await startedNotice(env.DB, [id], NOW).run();
    expect(await told()).toMatchObject([{ type: "info", user: USER, task_id: id, count: 1 }]);
  });

  it("of its success", async () => {
    const id = await tracked();
    await end(id, "SUCCESS");
    expect(await told()).toMatchObject([
      {
        type: "success",
        task_id: id,
        details: JSON.stringify({ external_id: `elsewhere-${made}` }),
      },
    ]);
  });

  it("of its failure and why", async () => {
    const id = await tracked();
    await end(id, "FAILURE", "No cuadra");
    const [row] = await told();
    expect(row).toMatchObject({ type: "error", task_id: id, message: "No cuadra" });
    expect(JSON.parse(row?.details ?? "")).toEqual({
      error_code: "failed",
      external_id: `elsewhere-${made}`,
    });
  });

  it("that it is about to be lost", async () => {
    const id = await tracked();
    const message = "'No report for ' || (timeout_ms / 1000) || ' s'";
    const lose = sql(notifyLostSql("id = :id", message), ["id", "now"]);
    await lose.on(env.DB, { id, now: NOW }).run();
    const [row] = await told();
    expect(row).toMatchObject({ type: "error", task_id: id, message: "No report for 60 s" });
    expect(JSON.parse(row?.details ?? "")).toEqual({
      error_code: "lost",
      external_id: `elsewhere-${made}`,
    });
  });

  it.each<[string, Notify | null]>([
    ["nothing, where no template asks for it", null],
    ["nothing, where its template says no", { start: false, complete: false, error: false }],
  ])("%s", async (_, notify) => {
    const id = await tracked(notify);
    await startedNotice(env.DB, [id], NOW).run();
    await report(id, 50);
    await sql(notifyLostSql("id = :id", "''"), ["id", "now"]).on(env.DB, { id, now: NOW }).run();
    await end(id, "FAILURE", "No cuadra");
    expect(await told()).toEqual([]);
  });

  it("of two modules with a task of one name apart, of one module as one", async () => {
    for (const module of ["nomina", "nomina", "contabilidad"]) {
      await end(await tracked(ALL, module), "SUCCESS");
    }
    expect(new Set(typesOf(await told()))).toEqual(new Set(["1 success", "2 success"]));
  });
});

describe("progress told every 25 %", () => {
  const percents = async (reports: number[], read = false) => {
    const id = await tracked();
    const heard: number[] = [];
    for (const [n, percent] of reports.entries()) {
      await report(id, percent, NOW + n);
      const [last] = (await told()).toReversed();
      if (last?.updated_at === NOW + n) {
        heard.push(percent);
      }
      if (read) {
        await env.DB.prepare("UPDATE notifications SET read_at = 1").run();
      }
    }
    return heard;
  };

  it.each([
    ["in small steps", [10, 24, 25, 26, 49, 50, 51, 75, 99, 100], [25, 50, 75, 100]],
    ["in leaps", [30, 90], [30, 90]],
    ["at once", [100], [100]],
    ["again and again", [30, 30, 30], [30]],
    ["forth and back", [60, 10, 30, 60, 80], [60, 80]],
    ["below the first", [0, 24], []],
  ])("is told once for each quarter, reported %s", async (_, reports, heard) => {
    expect(await percents(reports)).toEqual(heard);
    await env.DB.exec("DELETE FROM notifications");
    expect(await percents(reports, true)).toEqual(heard);
  });

  it("says how far and at what, in one notification while it is unread", async () => {
    const id = await tracked();
    await report(id, 30);
    await report(id, 55, NOW + 1);
    const rows = await told();
    expect(rows).toMatchObject([{ task_id: id, message: "55 % Sumando", count: 1 }]);
    expect(JSON.parse(rows[0]?.details ?? "")).toEqual({
      progress_percentage: 55,
      current_step: "Sumando",
      external_id: `elsewhere-${made}`,
    });
  });

  it("is not told of what has ended, however late a report", async () => {
    const id = await tracked({ progress: 25 });
    await end(id, "SUCCESS");
    await report(id, 50);
    expect(await told()).toEqual([]);
  });

  it("reads few rows, however much one was told", async () => {
    const id = await tracked();
    await report(id, 30);
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       INSERT INTO notifications (id, user, fold, type, task_id, task_name, count, created_at, updated_at)
       SELECT 'x' || i, ?1, 'x' || i, 'progress', 'other' || i, 'x', 1, 0, 0 FROM n`,
    )
      .bind(USER)
      .run();
    const { DB, counts } = countingDatabase();
    await crossedNotice(DB, id, NOW).run();
    expect(counts.rowsRead).toBeLessThan(20);
  });
});

it("tells of each, though what ended first is written last, and another follows", async () => {
  const ids = [await tracked(), await tracked(), await tracked()];
  const ends = [NOW, NOW - 1000, NOW - 500];
  for (const [at, id] of ids.entries()) {
    const task = (await getTask(env.DB, id)) ?? expect.fail(id);
    await finishTracking(env, task, { status: "SUCCESS", result: {} }, {}, ends[at]);
  }
  expect(await told()).toMatchObject([{ count: 3, created_at: NOW - 1000, updated_at: NOW }]);
  for (const id of ids) {
    const task = (await getTask(env.DB, id)) ?? expect.fail(id);
    expect(task.unread).toBe(1);
    expect(await notificationsOf(env.DB, task)).toMatchObject([{ type: "success", task_id: id }]);
  }
});
