import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { allGenerations } from "../../../src/archive/manifest";
import { readIndex, readMember } from "../../../src/archive/read";
import type { TaskRecord } from "../../../src/archive/record";
import { startArchiving } from "../../../src/archiving/start";
import { defineArchiving } from "../../../src/archiving/task";
import { call, masterKey } from "../../support/api";
import { archiveNow, clearArchive } from "../../support/archive";
import { archivedRows } from "../../support/archived-rows";
import { deafQueue, deliver, passTime, storeOrders, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";

const DAY = 86_400_000;
const testing = testEnv({ QUEUE_ORDERS: deafQueue, QUEUE_TASKS: deafQueue });

beforeEach(async () => {
  await clearTasks();
  await clearArchive();
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Stores orders and delivers them; every fifth is invalid. */
async function processed(count: number): Promise<string[]> {
  const orders = Array.from({ length: count }, (_, n) =>
    anOrder(n % 5 === 4 ? { productos: [] } : { cliente: `Cliente ${n}` }),
  );
  const ids = await storeOrders(testing, orders);
  await deliver(ids, testing);
  return ids;
}

async function idsIn(table: "tasks" | "orders"): Promise<string[]> {
  const column = table === "tasks" ? "id" : "task_id";
  const { results } = await env.DB.prepare(`SELECT ${column} AS id FROM ${table}`).all<{
    id: string;
  }>();
  return results.map(({ id }) => id).toSorted();
}

async function records(): Promise<TaskRecord[]> {
  const all: TaskRecord[] = [];
  for (const generation of await allGenerations(env.DB, "tasks")) {
    const { members } = await readIndex(env.FILES, generation);
    for (const member of members) {
      all.push(...(await readMember<TaskRecord>(env.FILES, generation, member)));
    }
  }
  return all;
}

describe("archiving", () => {
  it("moves tasks older than HISTORY_DAYS and their orders to R2, as the API answered them", async () => {
    const ids = await processed(10);
    const key = await masterKey();
    const answers = new Map<string, unknown>();
    for (const id of ids) {
      answers.set(id, await (await call(`/api/tasks/executions/${id}/`, { key })).json());
    }
    passTime(40 * DAY);
    const young = await processed(2);
    const task = await archiveNow(testing);
    expect(task).toMatchObject({ status: "SUCCESS" });
    expect(JSON.parse(task.result ?? "")).toMatchObject({
      generations: 1,
      archived: 10,
      deleted: 10,
    });
    expect(await idsIn("tasks")).toEqual([...young, task.id].toSorted());
    expect(await idsIn("orders")).toEqual(young.toSorted());
    const kept = await records();
    expect(kept.map(({ task: { id } }) => id)).toEqual(ids.toSorted());
    for (const { task: answer } of kept) {
      expect(answer).toEqual(answers.get(answer.id));
    }
    expect(kept.filter(({ order }) => order !== null)).toHaveLength(8);
  });

  it("leaves what is open, and archives it in a later generation once it has ended", async () => {
    await processed(3);
    const [open = ""] = await storeOrders(testing, [anOrder()]);
    passTime(40 * DAY);
    await archiveNow(testing);
    expect(await idsIn("tasks")).toContain(open);
    await deliver([open], testing);
    passTime(2 * DAY);
    await archiveNow(testing);
    expect(await idsIn("tasks")).not.toContain(open);
    const generations = await allGenerations(env.DB, "tasks");
    expect(generations.map(({ generation, records: count }) => [generation, count])).toEqual([
      [1, 3],
      [2, 1],
    ]);
    expect((await archivedRows()).map(({ id }) => id)).toContain(open);
  });

  it("goes on in slices over many members and days, each task in one of the two places", async () => {
    const first = await processed(30);
    passTime(DAY);
    const second = await processed(30);
    passTime(40 * DAY);
    const sliced = defineArchiving({ maxMembers: 200, sliceMs: 0 });
    const task = await archiveNow(testing, sliced);
    expect(JSON.parse(task.result ?? "")).toMatchObject({
      generations: 2,
      archived: 60,
      deleted: 60,
    });
    expect((await archivedRows()).map(({ id }) => String(id)).toSorted()).toEqual(
      [...first, ...second].toSorted(),
    );
  });

  it("deletes nothing when a byte of the object was flipped", async () => {
    const ids = await processed(5);
    passTime(40 * DAY);
    const files = new Proxy(env.FILES, {
      get(bucket, name) {
        const value = Reflect.get(bucket, name) as unknown;
        if (name !== "put") {
          return typeof value === "function" ? value.bind(bucket) : value;
        }
        return (key: string, bytes: Uint8Array, options?: R2PutOptions) => {
          const flipped = typeof bytes === "string" ? bytes : Uint8Array.from(bytes);
          if (typeof flipped !== "string") {
            flipped[30] = (flipped[30] ?? 0) ^ 4;
          }
          return bucket.put(key, flipped, options);
        };
      },
    });
    const task = await archiveNow({ ...testing, FILES: files });
    expect(task).toMatchObject({ status: "FAILURE", error_code: "archive_damaged" });
    expect(await idsIn("tasks")).toEqual([...ids, task.id].toSorted());
    expect(await allGenerations(env.DB, "tasks")).toEqual([]);
    expect((await env.FILES.list({ prefix: "archive/" })).objects).toEqual([]);
    await startArchiving(testing, Date.now());
    expect(await idsIn("tasks")).toHaveLength(6); // none is started anew within the hour
    passTime(3_700_000);
    await startArchiving(testing, Date.now());
    expect(await idsIn("tasks")).toHaveLength(7);
  });
});

describe("archived tasks", () => {
  it("are answered, listed and searched as before, marked as archived", async () => {
    const ids = await processed(10);
    const key = await masterKey();
    const ask = async (path: string) => (await call(path, { key })).json<Listed>();
    const paths = [
      "/api/tasks/executions/?limit=3",
      "/api/tasks/executions/?ordering=id&limit=4",
      "/api/tasks/executions/?status=FAILURE",
      "/api/tasks/executions/?task_name=ORDERS.process&limit=200",
      `/api/tasks/executions/?search=${ids[2]}`,
      `/api/tasks/executions/?lote=${(ids[0] ?? "").slice(0, -4)}`,
      `/api/tasks/executions/?created_before=${new Date().toISOString()}`,
    ];
    const idsOf = async (path: string) => {
      const found: string[] = [];
      for (let next: string | null = path; next !== null;) {
        const page: Listed = await ask(next.replace(/^https?:\/\/[^/]+/, ""));
        found.push(...page.results.map(({ id }) => id));
        next = page.next;
      }
      return found;
    };
    const before = await Promise.all(paths.map(idsOf));
    const one = await ask(`/api/tasks/executions/${ids[0]}/`);
    passTime(40 * DAY);
    const { id: archiving } = await archiveNow(testing);
    const after = await Promise.all(paths.map(idsOf));
    expect(after.map((found) => found.filter((id) => id !== archiving))).toEqual(before);
    expect(await ask(`/api/tasks/executions/${ids[0]}/`)).toEqual({ ...one, archived: true });
  });
});

interface Listed {
  results: { id: string }[];
  next: string | null;
}
