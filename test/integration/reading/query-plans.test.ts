/** Every query of the task API finds its rows by an index, or walks one and stops at a limit. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { PAST } from "../../../src/tasks/model/counts";
import { newBatchId } from "../../../src/lib/ids";
import { recover } from "../../../src/tasks/recovery/recover";
import type { StoredStatus } from "../../../src/tasks/model/states";
import { seedTasks } from "../../support/api-rows";
import { countingDatabase } from "../../support/counting";
import { anOrder } from "../../support/orders";
import { recordingDatabase } from "../../support/recording";
import { siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

const told = aDefinition({
  name: "test.told",
  startedBy: "operator",
  timeoutMs: 60_000,
  notify: { start: true, complete: true, error: true, progress: 10 },
  run: async (task) => {
    await task.step("one", async () => 1);
    await task.progress(50);
    return { kind: "reject", reason: { code: "because", message: "It fails" } };
  },
});
const { DB, plans } = recordingDatabase();
const keys = await someKeys();
const key = keys.operator;
const LISTS = [
  "?",
  "?ordering=created_at",
  "?user=user:1",
  "?user=user:1&status=FAILURE",
  "?user=key:1",
  "?user=1",
  "?user=1&status=FAILURE",
  ...["PENDING", "STARTED", "PROGRESS", "RETRY", "SUCCESS", "FAILURE", "REVOKED"].map(
    (status) => `?status=${status}`,
  ),
  "?discarded=true&status=FAILURE",
  "?task_module=pedidos",
  "?task_name=pedidos.procesar",
  "?worker=w",
  "?pedido=1",
  "?search=nothing",
  "?created_after=2026-01-01&created_before=2027-01-01",
].map((query) => `/api/tasks/executions/${query}`);
const READS = [
  ...LISTS,
  "/api/tasks/workers",
  "/api/tasks/info",
  "/api/tasks/stats?module=pedidos",
  "/api/tasks/user-tasks",
  "/api/tasks/templates",
  "/api/tasks/notifications",
  "/api/tasks/notifications?unread=true",
  "/api/tasks/notifications?read=true",
];

let found: Map<string, string[]>;

/** Does everything there is to do, once. */
beforeAll(async () => {
  const site = siteOf([told], { DB });
  for (const path of READS) {
    await site.get(path, { key });
  }
  const PATH = "/api/tasks";
  const post = (path: string, body?: unknown, status = 200) =>
    site.post<{ task_id: string; id: string }>(`${PATH}${path}`, { key, body }, status);
  await post("/templates", { name: "t", task_name: "test.told", notify: { error: true } }, 201);
  const { task_id } = await post("/run", { template: "t" }, 202);
  await site.run(task_id);
  await post(`/discard/${task_id}`, { reason: "why" });
  await post(`/replay/${task_id}`, { input: {} }, 202);
  await post(`/retry/${task_id}`);
  await post(`/cancel/${task_id}`);
  const other = await post("/run", { task_name: "pedidos.procesar", input: anOrder() }, 202);
  await site.run(other.task_id);
  const bulk = await post("/bulk", { action: "retry", filter: {} }, 202);
  await site.run(bulk.task_id);
  await post("/notifications/read", { all: true });
  await post("/notifications/read", { ids: ["x"] });
  await post("/notifications/x/read", undefined, 404);
  const body = { task_id: "elsewhere", task_name: "a.b", task_module: "a" };
  const asked = { key: keys.tracker, body };
  const { id } = await site.post<{ id: string }>(`${PATH}/executions`, asked, 201);
  for (const report of [{ progress_percentage: 1 }, { status: "SUCCESS" }]) {
    await site.patch(`${PATH}/executions/${id}`, { key: keys.tracker, body: report });
  }
  await recover(site.env, Date.now() + 86_400_000);
  found = await plans();
});

const planOf = (...texts: string[]) => {
  const [, plan] =
    [...found].find(([sql]) => texts.every((text) => sql.includes(text))) ?? expect.fail();
  return plan.join("\n");
};

describe("query plans", () => {
  it("scan `tasks` only in the order of an index, up to a limit", () => {
    expect(found.size).toBeGreaterThan(60);
    const scans = [...found].flatMap(([sql, plan]) =>
      plan
        .filter((line) => /^SCAN (tasks|t)\b/.test(line))
        .filter((line) => !(/LIMIT \d+|EXISTS \(SELECT 1/.test(sql) && isOrdered(line, sql)))
        .map((line) => `${line}: ${sql}`),
    );
    expect(scans).toEqual([]);
  });

  it("use the index made for them", () => {
    expect(planOf("INDEXED BY tasks_person")).toMatch(
      /SEARCH tasks USING (COVERING )?INDEX tasks_person/,
    );
    expect(
      planOf("SELECT id, status, module FROM tasks INDEXED BY tasks_failed", "id >= ?1"),
    ).toContain("SEARCH tasks USING INDEX tasks_failed (id>?)");
    expect(planOf("SELECT 1 FROM tasks INDEXED BY tasks_person")).toMatch(
      /SEARCH tasks USING COVERING INDEX tasks_person/,
    );
    expect(planOf("AS unread", "json_each")).toContain(
      "SEARCH n USING INDEX notifications_unread (user=? AND fold=?)",
    );
    expect(planOf("WHERE (external_id = ?1)")).toMatch(/USING (COVERING )?INDEX tasks_external/);
    expect(planOf("FROM notifications", "ORDER BY updated_at DESC")).toContain(
      "USING INDEX notifications_user (user=?)",
    );
    expect(planOf("SELECT 1 FROM notifications")).toMatch(/INDEX notifications_unread \(user=\?\)/);
    expect(planOf("SELECT span, bucket AS at", "FROM task_counts", "span IN (")).toMatch(
      /SEARCH task_counts USING PRIMARY KEY \(span=\? AND bucket>\?\)/,
    );
    expect(planOf("SELECT span, bucket AS at", `span = ${PAST.day} AND`)).toContain(
      "SEARCH task_counts USING PRIMARY KEY (span=? AND bucket>? AND bucket<?)",
    );
    expect(planOf("SELECT span, bucket AS at", `span = ${PAST.month} AND`)).toContain(
      "SEARCH task_counts USING PRIMARY KEY (span=? AND bucket>?)",
    );
  });
});

describe("over ten thousand tasks", () => {
  beforeAll(async () => {
    const status = (n: number): StoredStatus =>
      n % 500 === 0 ? "PENDING" : n % 100 === 1 ? "FAILURE" : "SUCCESS";
    for (let lote = 0; lote < 5; lote++) {
      await seedTasks(
        newBatchId(Date.now()),
        Array.from({ length: 2000 }, (_, n) => status(n)),
      );
    }
    await env.DB.prepare("UPDATE tasks SET user = 'user:1' WHERE id LIKE '%7'").run();
  });

  it.each(READS)("GET %s reads few rows", async (path) => {
    const { DB: counting, counts } = countingDatabase();
    await siteOf([told], { DB: counting }).get(path, { key });
    expect(counts.rowsRead).toBeLessThanOrEqual(1300);
  });
});

/** Tells whether the scan comes in the order asked for: by an index, or newest or oldest first. */
function isOrdered(line: string, sql: string): boolean {
  return / USING (COVERING )?INDEX tasks_/.test(line) || /ORDER BY id (A|DE)SC LIMIT/.test(sql);
}
