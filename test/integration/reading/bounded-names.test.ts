/** Callers invent names: statistics, metrics and pages stay small whatever is sent. */
import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { ACTIONS } from "../../../src/tasks/commands/actions";
import { recover } from "../../../src/tasks/recovery/recover";
import { startTracking } from "../../../src/tasks/tracked/tracked";
import { finishTracking } from "../../../src/tasks/tracked/tracked-reports";
import { adminSession, call } from "../../support/api";
import { deafQueue, orderEngine, testEnv } from "../../support/engine";
import { clearTasks, expectRightCounts } from "../../support/recount";
import { grantedOf } from "../../support/result";
import { siteOf, someKeys } from "../../support/task-site";

const site = siteOf();
const keys = await someKeys();

beforeEach(clearTasks);

async function track(name: string, module: string) {
  const tracking = await startTracking(env, {
    externalId: crypto.randomUUID(),
    name,
    module,
    description: "",
    user: "key:tests",
    timeoutMs: 60_000,
    context: "{}",
  });
  return grantedOf(tracking).task;
}

const counted = async () =>
  (
    await env.DB.prepare(
      "SELECT module || '/' || name AS n, sum(created) AS c FROM task_counts GROUP BY n ORDER BY n",
    ).all<{ n: string; c: number }>()
  ).results.map(({ n, c }) => [n, c]);

it("counts hundreds of names and modules as a few, and none of their tasks twice", async () => {
  for (let index = 0; index < 900; index++) {
    const module = index % 3 === 0 ? `módulo ${index}` : "nomina";
    const task = await track(`${"n".repeat(90)} ${index}`, module);
    if (index % 5 === 0) {
      await finishTracking(env, task, { status: "SUCCESS", result: null });
    }
  }
  await expectRightCounts(true);
  const names = await counted();
  expect(names.length).toBeLessThan(100);
  expect(names.reduce((sum, [, created]) => sum + Number(created), 0)).toBe(900);

  const size = async (path: string, init: Parameters<typeof call>[1]) => {
    const response = await call(path, init);
    expect(response.status, path).toBe(200);
    return (await response.text()).length;
  };
  const cookie = await adminSession();
  expect(await size("/metrics", { cookie })).toBeLessThan(1_000_000);
  expect(await size("/admin/", { cookie })).toBeLessThan(120_000);
  expect(await size("/admin/modules/nomina", { cookie })).toBeLessThan(120_000);
  const reader = { key: keys.viewer };
  const stats = await site.get<{ total_tasks: number; by_task_name: Record<string, number> }>(
    "/api/tasks/stats/?module=nomina",
    reader,
  );
  expect(stats.total_tasks).toBe(600);
  expect(Object.keys(stats.by_task_name)).toHaveLength(31);
  expect(stats.by_task_name["(other)"]).toBe(600 - 30);
  const { totals } = await site.get<{ totals: object }>("/api/tasks/info/", reader);
  expect(totals).toMatchObject({ STARTED: 720, SUCCESS: 180 });
}, 60_000);

it("counts a task to its end under the name it was accepted under", async () => {
  for (let index = 0; index < 30; index++) {
    await track(`known.${index}`, "nomina");
  }
  const late = [];
  for (let index = 0; index < 4; index++) {
    late.push(await track(`late.${index}`, "nomina"));
  }
  const [done, failed, cancelled] = late;
  if (!done || !failed || !cancelled) {
    throw new Error("three at least");
  }
  await finishTracking(env, done, { status: "SUCCESS", result: null });
  await finishTracking(env, failed, { status: "FAILURE", message: "no", result: null });
  const quiet = testEnv({ QUEUE_ORDERS: deafQueue });
  await ACTIONS.cancel(quiet, orderEngine, [cancelled.id], { by: "user:x" });
  await expectRightCounts();
  await recover(quiet, Date.now() + 120_000); // All others are lost by then.
  const row = await env.DB.prepare(
    `SELECT sum(created) AS created, sum(success) AS success, sum(failure) AS failure,
       sum(revoked) AS revoked FROM task_counts WHERE module = 'nomina' AND name = '(other)'`,
  ).first();
  expect(row).toEqual({ created: 4, success: 1, failure: 2, revoked: 1 });
});

it("knows a name again that it knew, and leaves room for other modules", async () => {
  for (let index = 0; index < 40; index++) {
    await track(`n.${index}`, "nomina");
  }
  await track("n.0", "nomina");
  await track("pagar", "contabilidad");
  const names = new Map((await counted()) as [string, number][]);
  expect(names.get("nomina/n.0")).toBe(2);
  expect(names.get("nomina/(other)")).toBe(10);
  expect(names.get("contabilidad/pagar")).toBe(1);
});
