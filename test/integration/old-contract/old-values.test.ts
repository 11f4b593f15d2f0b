/** Programs of the old task manager read tasks with these values. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { listBriefly } from "../../../src/tasks/reading/list";
import { call, type CallInit, list, masterKey } from "../../support/api";
import type { Execution } from "../../support/api-orders";
import { tasksOf } from "../../support/api-rows";
import { makeKey } from "../../support/auth-site";
import { countingDatabase } from "../../support/counting";
import { person } from "../../support/people";
import { clearTasks, recount } from "../../support/recount";

const PATH = "/api/tasks/executions/";

async function get<Answer>(path: string, init: CallInit = {}): Promise<Answer> {
  const response = await call(path, { key: await masterKey(), ...init });
  expect(response.status, path).toBe(200);
  return response.json<Answer>();
}

const one = (id: string) => get<Execution & { notifications: object[] }>(`${PATH}${id}/`);

beforeEach(async () => {
  await clearTasks();
  await env.DB.prepare("DELETE FROM notifications").run();
});

describe("an execution has the old values", () => {
  it("where there is nothing: texts, objects and numbers that are not null", async () => {
    const [id = ""] = await tasksOf(null);
    const nothing = {
      progress: 0,
      progress_percentage: 0,
      user: null,
      user_name: null,
      requested_by: null,
      error_message: "",
      error_traceback: "",
      worker_name: "",
      queue_name: "orders",
      current_step: "",
      result_data: {},
      context_data: {},
      total_steps: 1,
      duration_seconds: 0,
      started_at: null,
      completed_at: null,
      unread_notifications: 0,
    };
    expect(await one(id)).toMatchObject({ ...nothing, notifications: [] });
    const [row] = (await list<Execution>(PATH)).results;
    expect(row).toMatchObject(nothing);
    expect(row).not.toHaveProperty("notifications");
  });

  it("where there is something: progress, and a traceback", async () => {
    const [id = ""] = await tasksOf(null);
    const trace = `Traceback\n${"  at line\n".repeat(1000)}`;
    await env.DB.prepare(
      `UPDATE tasks SET status = 'FAILURE', progress = 40, error_traceback = ?2, total_steps = 3,
         started_at = 1000, finished_at = 3500, step = 'Sumando' WHERE id = ?1`,
    )
      .bind(id, trace)
      .run();
    const told = {
      progress: 40,
      progress_percentage: 40,
      error_traceback: trace,
      total_steps: 3,
      current_step: "Sumando",
      duration_seconds: 2.5,
    };
    expect(await one(id)).toMatchObject(told);
    expect((await list<Execution>(PATH)).results).toMatchObject([told]);
    await env.DB.prepare("UPDATE tasks SET status = 'SUCCESS' WHERE id = ?").bind(id).run();
    expect(await one(id)).toMatchObject({ progress: 100, progress_percentage: 100 });
    await recount();
  });

  it("of whoever asked for it: the bare id, and a name", async () => {
    const ana = await person("viewer", "Ana Núñez");
    const called = async (name: (email: string) => string) => {
      const someone = await person("viewer");
      const set = env.DB.prepare("UPDATE users SET name = ? WHERE id = ?");
      await set.bind(name(someone.email), someone.id).run();
      return someone;
    };
    const nameless = await called(() => " ");
    const addressed = await called((email) => ` ${email.toUpperCase()}`);
    const before = (email: string) => email.split("@")[0] ?? "";
    const key = await makeKey(["tasks:read"]);
    await env.DB.prepare("UPDATE api_keys SET name = 'shop' WHERE id = ?").bind(key.id).run();
    const people: [stored: string | null, user: string | null, name: string | null][] = [
      [`user:${ana.id}`, ana.id, "Ana Núñez"],
      [`user:${nameless.id}`, nameless.id, before(nameless.email)],
      [`user:${addressed.id}`, addressed.id, before(addressed.email)],
      [`key:${key.id}`, key.id, "shop"],
      ["user:gone", "gone", null],
      ["key:gone", "gone", null],
      ["Contabilidad", "Contabilidad", null],
      [ana.id, ana.id, "Ana Núñez"],
      [null, null, null],
    ];
    const ids = await tasksOf(...people.map(([stored]) => stored));
    const { results } = await list<Execution>(`${PATH}?ordering=id`);
    for (const [n, [requested_by, user, user_name]] of people.entries()) {
      const whose = { id: ids[n], requested_by, user, user_name };
      expect(results[n]).toMatchObject(whose);
      expect(await one(ids[n] ?? "")).toMatchObject(whose);
    }
  });

  it("of what its user was told about it: how many unread, and alone all of them", async () => {
    const [id = "", other = ""] = await tasksOf("user:a", "user:a");
    await env.DB.prepare("UPDATE tasks SET notify = '{}'").run();
    const told = [
      { id: "1", task: id, user: "user:a", type: "info", read: 7 },
      { id: "2", task: id, user: "user:a", type: "error", read: null },
      { id: "3", task: id, user: "user:b", type: "error", read: null },
      { id: "4", task: other, user: "user:a", type: "success", read: 7 },
    ];
    await tell(told);
    const unread = (tasks: Execution[]) => tasks.map((task) => task["unread_notifications"]);
    expect(unread((await list<Execution>(PATH)).results)).toEqual([0, 1]);
    const task = await one(id);
    expect(unread([task])).toEqual([1]);
    expect(task.notifications).toMatchObject([
      { id: "2", type: "error", title: expect.stringMatching(/^Fallida: /), read: false },
      { id: "1", type: "info", message: "Because", read: true, created_at: expect.any(String) },
    ]);
    expect(task.notifications).toHaveLength(2);
    expect((await one(other)).notifications).toMatchObject([{ id: "4", read: true }]);
  });

  it("of two hundred of one person, each told of a hundred times, for few rows", async () => {
    const { id } = await person("viewer");
    const ids = await tasksOf(...Array.from({ length: 200 }, () => `user:${id}`));
    await env.DB.prepare("UPDATE tasks SET notify = '{}'").run();
    await tell(
      ids.flatMap((task) =>
        Array.from({ length: 100 }, (_, n) => ({
          id: `${task}-${n}`,
          task,
          user: `user:${id}`,
          type: "progress",
          read: n === 0 ? null : n,
        })),
      ),
    );
    const { DB, counts } = countingDatabase();
    const page = await get<{ results: Execution[] }>(`${PATH}?limit=200`, { env: { DB } });
    expect(page.results.map((task) => task["unread_notifications"])).toEqual(ids.map(() => 1));
    console.log(`rows read by it: ${counts.rowsRead}, D1 calls: ${counts.calls}`);
    expect(counts.rowsRead).toBeLessThanOrEqual(2 * 1000);
    expect(counts.calls).toBeLessThanOrEqual(3);
  });

  it("leaves what is large out of a page that does not show it", async () => {
    const [id = ""] = await tasksOf(null);
    await env.DB.prepare("UPDATE tasks SET error_traceback = 'x' WHERE id = ?").bind(id).run();
    const page = await listBriefly(env.DB, {}, { limit: 1, cursor: null });
    expect(page.rows).toMatchObject([{ id, error_traceback: null }]);
  });
});

interface Told {
  id: string;
  task: string;
  user: string;
  type: string;
  read: number | null;
}

async function tell(told: Told[]): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO notifications (id, user, fold, type, task_id, task_name, message, count,
       created_at, updated_at, read_at)
     SELECT value ->> 'id', value ->> 'user',
       iif(value ->> 'type' = 'progress', 'progress ' || (value ->> 'task'),
         value ->> 'type' || ' pedidos.procesar'), value ->> 'type', value ->> 'task',
       'pedidos.procesar', 'Because', 1, 1, key, value ->> 'read' FROM json_each(?)`,
  )
    .bind(JSON.stringify(told))
    .run();
}
