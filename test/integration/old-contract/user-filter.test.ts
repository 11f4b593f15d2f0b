import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { bareId } from "../../../src/caller";
import { newBatchId, taskId } from "../../../src/lib/ids";
import { listTasks } from "../../../src/tasks/reading/list";
import { call, list, masterKey } from "../../support/api";
import type { Execution } from "../../support/api-orders";
import { seedLease, tasksOf } from "../../support/api-rows";
import { makeKey } from "../../support/auth-site";
import { countingDatabase } from "../../support/counting";
import { taskOf } from "../../support/engine";
import { textOf } from "../../support/exported";
import { person } from "../../support/people";
import { clearTasks } from "../../support/recount";

const PATH = "/api/tasks/executions/";

beforeEach(clearTasks);

async function workersAt(path: string) {
  const response = await call(path, { key: await masterKey() });
  return response.json<{ tasks: { task_id: string }[] }[]>();
}

describe("a user is asked for by the bare id, or as user:ID or key:ID", () => {
  let [mine = "", keys = "", named = "", others = ""]: string[] = [];
  beforeEach(async () => {
    [mine = "", keys = "", named = "", others = ""] = await tasksOf(
      "user:4711",
      "key:abc",
      "Nómina",
      "user:4712",
    );
  });
  const asked = (): [user: string, ids: string[]][] => [
    ["4711", [mine]],
    ["user:4711", [mine]],
    ["key:4711", []],
    ["abc", [keys]],
    ["key:abc", [keys]],
    ["user:abc", []],
    ["Nómina", [named]],
    ["Nómina".normalize("NFD"), [named]],
    ["471", []],
    ["4712", [others]],
  ];

  it("of lists, with whatever filter beside it", async () => {
    for (const [user, ids] of asked()) {
      const query = `user=${encodeURIComponent(user)}`;
      for (const more of ["", "&status=PENDING", `&lote=${mine.slice(0, -4)}`, "&search=nobody"]) {
        const found = await list<Execution>(`${PATH}?${query}${more}`);
        const wanted = more.includes("nobody") ? [] : ids;
        expect(
          found.results.map(({ id }) => id),
          query + more,
        ).toEqual(wanted);
      }
    }
  });

  it("of consumers at work", async () => {
    const lease = await seedLease("busy", [mine, keys, named]);
    for (const [user, ids] of asked()) {
      const path = `/api/tasks/workers/?user=${encodeURIComponent(user)}`;
      const tasks = (await workersAt(path)).flatMap((worker) => worker.tasks);
      const held = ids.filter((id) => id !== others);
      expect(
        tasks.map(({ task_id }) => task_id),
        user,
      ).toEqual(held);
    }
    await env.DB.prepare("DELETE FROM leases WHERE token = ?").bind(lease).run();
  });

  it("of bulk actions and exports", async () => {
    const done = async (path: string, body: object) => {
      const response = await call(path, {
        method: "POST",
        key: await masterKey(),
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const { task_id } = await response.json<{ task_id: string }>();
      await expect
        .poll(async () => (await taskOf(task_id)).status, { timeout: 20_000, interval: 50 })
        .toBe("SUCCESS");
      return task_id;
    };
    const file = await done("/api/exports/tasks/", { formato: "ndjson", filter: { user: "4711" } });
    const lines = (await textOf(file)).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as Execution)).toMatchObject([{ id: mine }]);
    await done("/api/tasks/bulk/", { action: "cancel", filter: { user: "abc" } });
    const states = await Promise.all([mine, keys, named, others].map(taskOf));
    expect(states.map(({ status }) => status)).toEqual([
      "PENDING",
      "REVOKED",
      "PENDING",
      "PENDING",
    ]);
  });

  it("finds a person's by their index, far behind all the others", async () => {
    const many = Array.from({ length: 1500 }, (_, n) => taskId(newBatchId(Date.now() + 1000), n));
    await env.DB.prepare(
      `INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, ready_at, check_at,
         created_at) SELECT value, 'n', 'm', 'orders', 'SUCCESS', '{}', 1, 0, 0, 0 FROM json_each(?)`,
    )
      .bind(JSON.stringify(many))
      .run();
    const { DB, counts } = countingDatabase();
    const page = await listTasks(DB, { user: "4711" }, { limit: 50, cursor: null });
    expect(page).toMatchObject({ rows: [{ id: mine }], next: null, total: { capped: false } });
    expect(counts.rowsRead).toBeLessThan(30);
    await clearTasks();
  });

  it("of tracked work that is another's, and theirs it then is", async () => {
    const ana = await person("viewer", "Ana");
    const { id: keyId, key } = await makeKey(["tasks:track"]);
    for (const [user, requested_by] of [
      [ana.id, `user:${ana.id}`],
      [keyId, `key:${keyId}`],
      [`user:${ana.id}`, `user:${ana.id}`],
      ["Contabilidad", "Contabilidad"],
    ]) {
      const body = { task_id: crypto.randomUUID(), task_name: "n.n", task_module: "n", user };
      const response = await call(PATH, {
        method: "POST",
        key,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const task = await response.json<Execution>();
      expect(task).toMatchObject({ requested_by, user: bareId(requested_by ?? "") });
    }
    const own = await list<Execution>(`${PATH}?user=${ana.id}`);
    expect(own.results.map((task) => task["user_name"])).toEqual(["Ana", "Ana"]);
  });
});
