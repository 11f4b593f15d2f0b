import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newBatchId } from "../../../src/lib/ids";
import { expectBadParameter, expectProblem, type List } from "../../support/api";
import type { Execution } from "../../support/api-orders";
import { seedLease, seedTasks } from "../../support/api-rows";
import { person } from "../../support/auth-site";
import { door } from "../../support/door";
import { deliver, storeOrders, storeTasks } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";
import { siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

const doors = { enter: door() };
const slow = aDefinition({
  name: "test.slow",
  queue: "orders", // This test delivers through that queue.
  timeoutMs: 60_000,
  run: async (task) => {
    await task.progress(10, "half way");
    await doors.enter.pass();
    return { kind: "done" };
  },
});
const site = siteOf([slow]);
const keys = await someKeys();
const reader = { key: keys.viewer };

beforeEach(async () => {
  await clearTasks();
  doors.enter = door();
});

interface Worker {
  worker: string;
  queue: string;
  since: string;
  lease_expires_at: string;
  batch_size: number;
  tasks: { task_id: string; task_name: string }[];
}
const workers = () => site.get<Worker[]>("/api/tasks/workers/", reader);

describe("GET /api/tasks/workers", () => {
  it("shows who runs what while it runs, and nobody after", async () => {
    expect(await workers()).toEqual([]);
    const ids = await storeTasks(env, slow, [1]);
    const running = deliver(ids, site.env, site.engine);
    await doors.enter.reached;
    expect(await workers()).toEqual([
      {
        worker: expect.stringMatching(/\S/),
        queue: "orders",
        since: expect.stringMatching(/Z$/),
        lease_expires_at: expect.stringMatching(/Z$/),
        batch_size: 1,
        tasks: [{ task_id: ids[0], task_name: "test.slow" }],
      },
    ]);
    doors.enter.open();
    await running;
    expect(await workers()).toEqual([]);
  });

  it("shows the first twenty of a batch, without what was cancelled, and no worker that died", async () => {
    const seeds = await seedTasks(
      newBatchId(Date.now()),
      Array.from({ length: 30 }, () => "PENDING"),
    );
    const ids = seeds.map(({ id }) => id);
    await seedLease("alive", ids);
    const dead = await seedLease("dead", []);
    await env.DB.prepare("UPDATE leases SET expires_at = 1 WHERE token = ?").bind(dead).run();
    await site.post(`/api/tasks/cancel/${ids[0]}/`, { key: keys.operator });
    const found = await workers();
    expect(found).toMatchObject([{ worker: "alive", batch_size: 29 }]);
    expect(found[0]?.tasks.map(({ task_id }) => task_id)).toEqual(ids.slice(1, 21));
  });
});

interface Overview {
  totals: Record<string, number>;
  totals_capped: boolean;
  queues: Record<string, unknown>[];
  workers: number;
  registered_tasks: { name: string; public: boolean }[];
  system: { version: string; catalogue: Record<string, unknown> };
}

describe("GET /api/tasks/flower-info", () => {
  it("tells the states of all tasks, what waits, and what there is", async () => {
    const statuses = ["PENDING", "PENDING", "RETRY", "RETRY", "SUCCESS", "FAILURE"] as const;
    const seeds = await seedTasks(newBatchId(Date.now()), statuses);
    await seedLease("worker", [seeds[0]?.id ?? "", seeds[2]?.id ?? ""]);
    const asked = { key: keys.tracker, body: { task_id: "x", task_name: "x.y", task_module: "x" } };
    await site.post("/api/tasks/executions/", asked, 201);
    await storeOrders(env, [anOrder()]);
    const info = await site.get<Overview>("/api/tasks/flower-info/", reader);
    expect(info.totals).toEqual({
      PENDING: 2,
      STARTED: 3,
      PROGRESS: 0,
      RETRY: 1,
      SUCCESS: 1,
      FAILURE: 1,
      REVOKED: 0,
    });
    const orders = info.queues.find(({ queue }) => queue === "orders");
    expect(orders).toMatchObject({ due: 1, waiting: 2, capped: false, messages: 0 });
    expect(orders?.["oldest_age_seconds"]).toBeGreaterThanOrEqual(0);
    const tasks = info.queues.find(({ queue }) => queue === "tasks");
    expect(tasks).toMatchObject({ due: 0, waiting: 0, oldest_age_seconds: null });
    expect(info.workers).toBe(1);
    expect(info.registered_tasks).toEqual([
      expect.objectContaining({ name: "pedidos.procesar", public: true }),
      expect.objectContaining({ name: "system.bulk", public: false }),
      expect.objectContaining({ name: "test.slow", public: false }),
    ]);
    expect(info.system).toMatchObject({
      version: expect.stringMatching(/^\d/),
      catalogue: { source: "embedded", breaker: "closed" },
    });
    const same = await site.get<Overview>("/api/tasks/info/", reader);
    expect({ ...same, queues: [] }).toEqual({ ...info, queues: [] }); // The ages of queues grow.
  });

  it("looks at the first that wait, says that there are more, and counts all that is open", async () => {
    const lote = newBatchId(Date.now());
    const seeds = await seedTasks(
      lote,
      Array.from({ length: 400 }, (_, n) => (n < 300 ? "PENDING" : "RETRY")),
    );
    // The tasks that are held are the first to be looked at, and hide no others.
    const held = seeds.slice(0, 120).map(({ id }) => id);
    await seedLease("worker", held);
    await env.DB.prepare("UPDATE tasks SET ready_at = 1, check_at = 1 WHERE id <= ?")
      .bind(held.at(-1))
      .run();
    const oldest = seeds[120]?.id;
    await env.DB.prepare("UPDATE tasks SET ready_at = 5, check_at = 5 WHERE id = ?")
      .bind(oldest)
      .run();
    for (let n = 0; n < 251; n++) {
      const body = { task_id: `x${n}`, task_name: "x.y", task_module: "x" };
      await site.post("/api/tasks/executions/", { key: keys.tracker, body }, 201);
    }
    const info = await site.get<Overview>("/api/tasks/flower-info/", reader);
    const orders = info.queues.find(({ queue }) => queue === "orders");
    expect(orders).toMatchObject({ due: 1, waiting: 249, capped: true });
    expect(orders?.["oldest_age_seconds"]).toBeGreaterThan(1e9);
    expect(info).toMatchObject({ totals_capped: true, workers: 1 });
    expect(info.totals).toMatchObject({ STARTED: 120 + 251, PROGRESS: 0 });
    const { PENDING = 0, RETRY = 0 } = info.totals;
    expect(PENDING + RETRY).toBe(280);
    expect(RETRY).toBeGreaterThan(0);
  });

  it("tells those under way that said how far they are from those that only began", async () => {
    const ids = await storeTasks(env, slow, [1]);
    const running = deliver(ids, site.env, site.engine);
    await doors.enter.reached;
    // The task has told its progress, and its row would have it a second later.
    await env.DB.prepare("UPDATE tasks SET progress = 10 WHERE id = ?").bind(ids[0]).run();
    const body = { task_id: "told", task_name: "x.y", task_module: "x" };
    await site.post("/api/tasks/executions/", { key: keys.tracker, body }, 201);
    const reported = { key: keys.tracker, body: { progress_percentage: 5 } };
    await site.patch("/api/tasks/executions/told/", reported);
    const { totals, totals_capped: isCapped } = await site.get<Overview>(
      "/api/tasks/flower-info/",
      reader,
    );
    expect({ ...totals, isCapped }).toMatchObject({ STARTED: 0, PROGRESS: 2, isCapped: false });
    doors.enter.open();
    await running;
  });

  it("still answers when the platform does not say what waits", async () => {
    const metrics = () => Promise.reject(new Error("not now"));
    const blind = siteOf([], { QUEUE_ORDERS: { metrics } });
    const { queues } = await blind.get<Overview>("/api/tasks/flower-info", reader);
    expect(queues.find(({ queue }) => queue === "orders")).toMatchObject({ messages: null });
  });
});

interface UserTasks extends List<Execution> {
  stats: Record<string, number | boolean>;
}

describe("GET /api/tasks/user-tasks", () => {
  it("shows a person's own tasks and what became of them, whatever their role", async () => {
    const me = await person("viewer");
    const user = `user:${me.id}`;
    const lote = newBatchId(Date.now());
    const statuses = ["PENDING", "PENDING", "RETRY", "SUCCESS", "FAILURE", "REVOKED"] as const;
    const seeds = await seedTasks(lote, statuses);
    const ids = seeds.map(({ id }) => id);
    await env.DB.prepare("UPDATE tasks SET user = ? WHERE id <> ?").bind(user, ids[1]).run();
    await seedLease("worker", ids.slice(2, 3));
    const mine = await site.get<UserTasks>("/api/tasks/user-tasks/?limit=2", { cookie: me.cookie });
    expect(mine.count).toBe(5);
    expect(mine.results.map(({ id }) => id)).toEqual([ids[5], ids[4]]);
    const counts = { total: 5, pending: 1, started: 1, success: 1, failure: 1, revoked: 1 };
    expect(mine.stats).toEqual({ ...counts, capped: false });
    const failed = await site.get<UserTasks>("/api/tasks/user-tasks?status=FAILURE", {
      cookie: me.cookie,
    });
    expect(failed.results.map(({ id }) => id)).toEqual([ids[4]]);
    const others = await site.get<UserTasks>("/api/tasks/user-tasks?task_module=other", {
      cookie: me.cookie,
    });
    expect(others.results).toEqual([]);
    const stranger = await site.get<UserTasks>("/api/tasks/user-tasks", { key: keys.none });
    expect(stranger).toMatchObject({ count: 0, results: [], stats: { total: 0, capped: false } });
  });

  it("counts no more than a thousand, and says so", async () => {
    const me = await person("viewer");
    await seedTasks(
      newBatchId(Date.now()),
      Array.from({ length: 1001 }, () => "SUCCESS"),
    );
    await env.DB.prepare("UPDATE tasks SET user = ?").bind(`user:${me.id}`).run();
    const { stats } = await site.get<UserTasks>("/api/tasks/user-tasks?limit=1", {
      cookie: me.cookie,
    });
    expect(stats).toMatchObject({ total: 1000, success: 1000, capped: true });
  });

  it.each(["limit=0", "status=DONE", "task_module=", "cursor=x"])("refuses %s", async (query) => {
    const response = await site.ask("GET", `/api/tasks/user-tasks?${query}`, { key: keys.none });
    await expectBadParameter(response, query.split("=", 1)[0] ?? "");
  });
});

describe("GET /api/tasks/executions of what is open", () => {
  it.each([40, 700])("pages through %i, newest first, without those that run", async (count) => {
    const seeds = await seedTasks(
      newBatchId(Date.now()),
      Array.from({ length: count }, (_, n) => (n % 2 === 0 ? "PENDING" : "RETRY")),
    );
    await seedTasks(newBatchId(Date.now() + 5), ["SUCCESS", "FAILURE"]);
    const held = seeds.slice(0, 10).map(({ id }) => id);
    await seedLease("busy", held);
    const walk = async (query: string) => {
      const seen: string[] = [];
      let page: List<Execution> | undefined;
      const first = `/api/tasks/executions/?limit=33&${query}`;
      for (let link: string | null = first; link !== null; link = page.next) {
        page = await site.get<List<Execution>>(link, reader);
        seen.push(...page.results.map(({ id }) => id));
      }
      return seen;
    };
    const ids = seeds.map(({ id }) => id);
    const pending = ids.filter((_, n) => n % 2 === 0 && n >= 10);
    expect(await walk("status=PENDING")).toEqual(pending.toReversed());
    expect(await walk("status=PENDING&ordering=created_at")).toEqual(pending);
    expect(await walk("status=STARTED")).toEqual(held.toReversed());
    const retry = ids.filter((_, n) => n % 2 === 1 && n >= 10);
    expect(await walk("status=RETRY&worker=busy")).toEqual([]);
    expect(await walk("status=RETRY")).toEqual(retry.toReversed());
    expect(await walk("worker=busy")).toEqual(held.toReversed());
    const first = await site.get<List<Execution>>("/api/tasks/executions/?status=RETRY", reader);
    expect(first.count_capped ?? false).toBe(count > 500);
  });
});

describe("GET /api/tasks/executions in an order of the caller's", () => {
  it("pages upwards and back, each task seen once", async () => {
    const seeds = await seedTasks(
      newBatchId(Date.now()),
      Array.from({ length: 7 }, () => "SUCCESS"),
    );
    const upwards = seeds.map(({ id }) => id);
    for (const [ordering, ids] of [
      ["created_at", upwards],
      ["-created_at", upwards.toReversed()],
    ] as const) {
      const seen: string[] = [];
      let last: List<Execution> | undefined;
      const first = `/api/tasks/executions/?limit=3&ordering=${ordering}`;
      for (let link: string | null = first; link !== null; link = last.next) {
        last = await site.get<List<Execution>>(link, reader);
        seen.push(...last.results.map(({ id }) => id));
      }
      expect(seen).toEqual(ids);
      const back = await site.get<List<Execution>>(last?.previous ?? "", reader);
      expect(back.results.map(({ id }) => id)).toEqual(ids.slice(3, 6));
    }
    const bad = await site.ask("GET", "/api/tasks/executions/?ordering=name", reader);
    await expectBadParameter(bad, "ordering");
  });
});

it.each(["workers", "flower-info", "info"])("%s is for tasks:read", async (path) => {
  await expectProblem(await site.ask("GET", `/api/tasks/${path}`), 401, "unauthorized");
  const refused = await site.ask("GET", `/api/tasks/${path}/`, { key: keys.tracker });
  await expectProblem(refused, 403, "forbidden");
});

it("user-tasks is for those who are known", async () => {
  await expectProblem(await site.ask("GET", "/api/tasks/user-tasks/"), 401, "unauthorized");
});
