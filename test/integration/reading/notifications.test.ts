import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { guarded } from "../../../src/db/guarded";
import { actOn } from "../../../src/tasks/commands/actions";
import type { BatchTask } from "../../../src/tasks/model/define";
import { enqueue, enqueueOne } from "../../../src/tasks/accepting/enqueue";
import { recover } from "../../../src/tasks/recovery/recover";
import { apiKey, expectBadParameter, expectProblem, type List } from "../../support/api";
import { passWaits, taskOf } from "../../support/engine";
import { AT_ONCE, faultyDatabase, strike } from "../../support/faults";
import { clearTasks } from "../../support/recount";
import { siteOf } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

const PATH = "/api/tasks/notifications/";

type Input = { ends?: "done" | "reject" | "retry"; percents?: number[] };
const reason = { code: "because", message: "It had to be" };

const chatty = aDefinition({
  name: "test.chatty",
  description: "Chatty",
  timeoutMs: 60_000,
  notify: { start: true, complete: true, error: true, progress: 25 },
  run: async (task) => {
    const { ends = "done", percents = [] } = task.input as Input;
    for (const percent of percents) {
      await task.progress(percent, `at ${percent}`);
      await new Promise((resolve) => setTimeout(resolve, 1001)); // Progress is saved once a second.
    }
    return ends === "done" ? { kind: "done" } : { kind: ends, reason };
  },
});
const mute = aDefinition({ name: "test.mute", run: async () => ({ kind: "reject", reason }) });
const flood: BatchTask = {
  ...aDefinition({ name: "test.flood", queue: "orders", notify: { complete: true, error: true } }),
  kind: "batch",
  runBatch: async (tasks) => ({
    outcomes: new Map(
      tasks.map(({ id, input }) => [
        id,
        input === "bad" ? { kind: "reject" as const, reason } : { kind: "done" as const },
      ]),
    ),
    stored: new Map(),
  }),
};
const site = siteOf([chatty, mute, flood]);

interface Notification {
  id: string;
  type: string;
  title: string;
  message: string;
  task_id: string;
  count: number;
  is_read: boolean;
  [field: string]: unknown;
}
type Notifications = List<Notification> & { unread: number };

/** Makes a key without scopes over tasks, and the name that its tasks go by. */
async function someone(): Promise<{ key: string; user: string }> {
  const key = await apiKey(["orders:read"]);
  return { key, user: `key:${key.split("_")[1]}` };
}
const me = await someone();
const other = await someone();
const reader = await apiKey(["tasks:read"]);

const list = (query = "", key = me.key) => site.get<Notifications>(`${PATH}?${query}`, { key });
const start = (input: Input = {}, user: string | null = me.user) =>
  enqueueOne(site.env, chatty, input, { user });
const executionOf = (id: string) =>
  site.get<{ notifications: Notification[]; unread_notifications: number }>(
    `/api/tasks/executions/${id}/`,
    { key: reader },
  );
const typesOf = async (id: string) => (await executionOf(id)).notifications.map(({ type }) => type);
const byType = ({ results }: Notifications) =>
  Object.fromEntries(results.map((one) => [one.type, one]));

beforeEach(async () => {
  await clearTasks();
  await env.DB.prepare("DELETE FROM notifications").run();
});

describe("whoever started a task is told", () => {
  it("of its start and its completion", async () => {
    const id = await start();
    expect((await list()).results).toEqual([]);
    await site.run(id);
    const told = byType(await list());
    expect(Object.keys(told).toSorted()).toEqual(["info", "success"]);
    expect(told["info"]).toMatchObject({ title: "Iniciada: Chatty", task_id: id, count: 1 });
    expect(told["success"]).toMatchObject({
      title: "Exitosa: Chatty",
      task_name: "test.chatty",
      message: "Ha terminado bien: Chatty.",
      details: { task_name: "test.chatty", template: null, count: 1 },
      read: false,
      is_read: false,
    });
  });

  it("of its failure and why, and of its start once in all its attempts", async () => {
    const id = await start({ ends: "retry" });
    await site.run(id);
    expect(Object.keys(byType(await list()))).toEqual(["info"]);
    for (let attempt = 2; attempt <= 3; attempt++) {
      await passWaits([id]);
      await site.run(id);
    }
    const { info, error } = byType(await list());
    expect(info?.count).toBe(1);
    expect(error).toMatchObject({ message: "It had to be", task_id: id, count: 1 });
    const what = { task_name: "test.chatty", template: null, count: 1 };
    expect(info).toMatchObject({ message: "Ha empezado: Chatty.", details: what });
    expect(error?.["details"]).toEqual({ ...what, error_code: "because" });
  });

  it("of a failure that is run again and fails again, as one", async () => {
    const id = await start({ ends: "reject" });
    await site.run(id);
    await actOn(site.env, site.engine, "retry", id, { by: me.user });
    await site.run(id);
    expect(byType(await list())["error"]).toMatchObject({ task_id: id, count: 1 });
  });

  it("every so many percent of its progress", async () => {
    const id = await start({ percents: [10, 30, 40] });
    await site.run(id);
    const { progress } = byType(await list());
    expect(progress).toMatchObject({
      message: "30 % at 30",
      details: { progress_percentage: 30, current_step: "at 30" },
      task_id: id,
      count: 1,
    });
  });

  it("of a worker that died three times with it", async () => {
    const id = await start();
    for (let death = 0; death < 3; death++) {
      await env.DB.prepare(
        `INSERT INTO leases (token, queue, worker, since, expires_at, task_ids)
         VALUES ('dead', 'tasks', 'w', ?1, 1, json_array(?2))`,
      )
        .bind(Date.now(), id)
        .run();
      expect(byType(await list())["error"]).toBeUndefined();
      await recover(site.env, Date.now());
    }
    expect((await taskOf(id)).error_code).toBe("worker_crashed");
    expect(byType(await list())["error"]).toMatchObject({ task_id: id, count: 1 });
  });

  it("of what could not even be sent", async () => {
    const task = { input: "{}", subject: null, failure: reason };
    const DB = faultyDatabase(strike("INSERT INTO tasks", "commits, but is reported failed"));
    await enqueue(guarded({ ...site.env, DB }, AT_ONCE), chatty, [task], { user: me.user });
    expect(byType(await list())["error"]).toMatchObject({ message: "It had to be", count: 1 });
  });

  it("once, though the settle that ended it was repeated", async () => {
    const id = await start();
    const DB = faultyDatabase(strike("DELETE FROM leases", "commits, but is reported failed"));
    const struck = siteOf([chatty], { DB });
    await struck.run(id);
    expect(byType(await list())["success"]?.count).toBe(1);
  });

  it("nothing, if neither its definition nor a template asks for it, or nobody started it", async () => {
    const silent = await enqueueOne(site.env, mute, {}, { user: me.user });
    const orphan = await start({}, null);
    await site.run(silent);
    await site.run(orphan);
    expect(await list()).toMatchObject({ count: 0, unread: 0, results: [] });
    const { results } = await env.DB.prepare("SELECT 1 FROM notifications").all();
    expect(results).toEqual([]);
  });
});

describe("a flood", () => {
  it("of five hundred of a kind is one notification with their count", async () => {
    const inputs = Array.from({ length: 500 }, (_, n) => (n % 5 === 0 ? '"bad"' : '"good"'));
    const tasks = inputs.map((input) => ({ input, subject: null }));
    const accepted = await enqueue(site.env, flood, tasks, { user: me.user });
    const ids = accepted.taskIds;
    for (let from = 0; from < ids.length; from += 100) {
      await site.run(...ids.slice(from, from + 100));
    }
    const page = await list();
    expect(page).toMatchObject({ count: 2, unread: 2 });
    const { success, error } = byType(page);
    expect(success).toMatchObject({ count: 400, task_id: ids.at(-1) });
    expect(success?.message).toBe("Han terminado bien 400: Runs in a test.");
    expect(error).toMatchObject({ count: 100, task_id: ids[495] });
  });

  it("after the first was read begins anew", async () => {
    const first = await start();
    await site.run(first);
    await site.post(`${PATH}read/`, { key: me.key, body: { all: true } });
    const second = await start();
    await site.run(second);
    const page = await list();
    expect(page).toMatchObject({ count: 4, unread: 2 });
    expect(page.results.map(({ count }) => count)).toEqual([1, 1, 1, 1]);
    const unread = await list("unread=true");
    expect(unread.results.map(({ task_id }) => task_id)).toEqual([second, second]);
  });
});

describe("reading", () => {
  it("marks some as read, or all, and counts what is left", async () => {
    await site.run(await start());
    await site.run(await start({ ends: "reject" }));
    const { results, unread } = await list();
    expect(unread).toBe(3);
    const read = (body: unknown) => site.post(`${PATH}read/`, { key: me.key, body });
    const ids = [results[0]?.id, results[0]?.id, "nobody"];
    expect(await read({ ids })).toEqual({ marked: 1, unread: 2 });
    expect(await read({ ids })).toEqual({ marked: 0, unread: 2 });
    expect((await list()).results.find(({ id }) => id === ids[0])?.is_read).toBe(true);
    expect(await read({ all: true })).toEqual({ marked: 2, unread: 0 });
    expect((await list("unread=true")).results).toEqual([]);
    expect((await list("unread=false")).count).toBe(3);
  });

  it("lists what was read, or what was not, by `read` as by `unread`", async () => {
    await site.run(await start());
    const [one] = (await list()).results;
    await site.post(`${PATH}read/`, { key: me.key, body: { ids: [one?.id] } });
    const idsOf = async (query: string) => (await list(query)).results.map(({ id }) => id);
    expect(await idsOf("read=true")).toEqual([one?.id]);
    expect(await idsOf("read=False")).toEqual(await idsOf("unread=true"));
    expect(await idsOf("read=false")).toHaveLength(1);
    expect(await idsOf("read=false&unread=true")).toHaveLength(1);
    const both = await site.ask("GET", `${PATH}?read=true&unread=true`, { key: me.key });
    await expectBadParameter(both, "read");
  });

  it("marks one as read, once and again, and answers it", async () => {
    await site.run(await start());
    const [one] = (await list()).results;
    const mark = () => site.post<Notification>(`${PATH}${one?.id}/read/`, { key: me.key });
    expect(await mark()).toEqual({ ...one, read: true, is_read: true });
    expect(await mark()).toMatchObject({ id: one?.id, read: true });
    expect(await list()).toMatchObject({ count: 2, unread: 1 });
  });

  it("marks one of nobody else's, nor one that is not there", async () => {
    await site.run(await start());
    const [one] = (await list()).results;
    for (const [id, key] of [
      [one?.id, other.key],
      ["nobody", me.key],
    ]) {
      const response = await site.ask("POST", `${PATH}${id}/read/`, { key });
      await expectProblem(response, 404, "unknown_notification");
    }
    expect((await list()).unread).toBe(2);
  });

  it("shows what an older version stored", async () => {
    await site.run(await start());
    await env.DB.prepare("UPDATE notifications SET details = NULL").run();
    const details = { task_name: "test.chatty", template: null, count: 1 };
    expect((await list()).results[0]?.["details"]).toEqual(details);
  });

  it("shows what one was told of a task, the latest first", async () => {
    const first = await start();
    await site.run(first);
    const second = await start({ ends: "reject" });
    await site.run(second);
    expect(await typesOf(second)).toEqual(["error", "info"]);
    expect(await typesOf(first)).toEqual(["success", "info"]);
  });

  it("shows of each task what one was told of several at once, and whether it is read", async () => {
    const ids = [await start({ ends: "reject" }), await start({ ends: "reject" })];
    for (const id of ids) {
      await site.run(id);
    }
    const { results } = await list();
    expect(results.map(({ type, count }) => [type, count])).toEqual(
      expect.arrayContaining([
        ["error", 2],
        ["info", 2],
      ]),
    );
    for (const id of ids) {
      const { notifications, unread_notifications: unread } = await executionOf(id);
      expect(unread).toBe(2);
      expect(notifications).toMatchObject([
        { type: "error", task_id: id, message: "It had to be", read: false },
        { type: "info", task_id: id, read: false },
      ]);
    }
    const error = results.find(({ type }) => type === "error");
    await site.post(`${PATH}${error?.id}/read/`, { key: me.key });
    // The failure is told anew, as the one before was read.
    await site.run(await start({ ends: "reject" }));
    for (const id of ids) {
      const { notifications, unread_notifications: unread } = await executionOf(id);
      expect(unread).toBe(1);
      expect(notifications).toMatchObject([
        { type: "error", id: error?.id, read: true, details: { error_code: "because" } },
        { type: "info", read: false },
      ]);
    }
  });

  it("shows and marks nobody else's", async () => {
    await site.run(await start());
    const mine = (await list()).results.map(({ id }) => id);
    expect(await list("", other.key)).toMatchObject({ count: 0, unread: 0, results: [] });
    for (const body of [{ ids: mine }, { all: true }]) {
      const marked = await site.post(`${PATH}read/`, { key: other.key, body });
      expect(marked).toEqual({ marked: 0, unread: 0 });
    }
    expect((await list()).unread).toBe(2);
  });

  it("goes page by page, the latest first, each seen once", async () => {
    const now = Date.now();
    const rows = Array.from({ length: 25 }, (_, n) => ({ n, at: now - Math.floor(n / 2) }));
    await env.DB.prepare(
      `INSERT INTO notifications (id, user, fold, type, task_id, task_name, count, created_at, updated_at)
       SELECT 'n' || (value ->> 'n'), ?2, 'f' || (value ->> 'n'), 'info', 't', 'x', 1,
         value ->> 'at', value ->> 'at' FROM json_each(?1)`,
    )
      .bind(JSON.stringify(rows), me.user)
      .run();
    for (const filter of ["", "&unread=true"]) {
      const seen: Notification[] = [];
      for (let link: string | null = `${PATH}?limit=10${filter}`; link !== null;) {
        const page: Notifications = await site.get<Notifications>(link, { key: me.key });
        expect(page.count).toBe(25);
        seen.push(...page.results);
        link = page.next;
      }
      expect(new Set(seen.map(({ id }) => id)).size).toBe(25);
      const times = seen.map((one) => String(one["updated_at"]));
      expect(times).toEqual(times.toSorted().toReversed());
    }
  });

  it.each([
    ["ids", {}],
    ["ids", { ids: [] }],
    ["ids", { ids: ["a"], all: true }],
    ["ids", { ids: "a" }],
    ["all", { all: false }],
  ])("refuses a bad %s", async (parameter, body) => {
    await expectBadParameter(
      await site.ask("POST", `${PATH}read`, { key: me.key, body }),
      parameter,
    );
  });

  it.each([
    ["unread", "unread=maybe"],
    ["limit", "limit=1000"],
    ["cursor", "cursor=x"],
  ])("refuses a bad %s", async (parameter, query) => {
    await expectBadParameter(await site.ask("GET", `${PATH}?${query}`, { key: me.key }), parameter);
  });

  it("is for those who are known", async () => {
    await expectProblem(await site.ask("GET", PATH), 401, "unauthorized");
    const body = { all: true };
    await expectProblem(await site.ask("POST", `${PATH}read`, { body }), 401, "unauthorized");
  });
});
