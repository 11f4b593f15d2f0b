import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findArchived } from "../../../src/archive/find";
import { type GenerationKey, recordsKey } from "../../../src/archive/keys";
import { allGenerations } from "../../../src/archive/manifest";
import { startArchiving } from "../../../src/archiving/start";
import { defineArchiving } from "../../../src/archiving/task";
import { deleteOrder } from "../../../src/orders/delete";
import { processOrder } from "../../../src/orders/pipeline/task";
import { actOn } from "../../../src/tasks/commands/actions";
import { Engine } from "../../../src/tasks/model/engine";
import { call, masterKey } from "../../support/api";
import { archiveNow, clearArchive, listedIds } from "../../support/archive";
import { archivedRows } from "../../support/archived-rows";
import {
  deafQueue,
  deliver,
  passTime,
  passWaits,
  storeOrders,
  storeTasks,
  taskOf,
  testEnv,
} from "../../support/engine";
import { faultyDatabase, strike } from "../../support/faults";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";

const DAY = 86_400_000;
const testing = testEnv({ QUEUE_ORDERS: deafQueue, QUEUE_TASKS: deafQueue });
const engine = new Engine([processOrder, defineArchiving()]);

beforeEach(async () => {
  await clearTasks();
  await clearArchive();
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Makes orders that were done 40 days ago. */
async function aged(count: number, overrides: Record<string, unknown> = {}): Promise<string[]> {
  const ids = await storeOrders(
    testing,
    Array.from({ length: count }, () => anOrder(overrides)),
  );
  await deliver(ids, testing);
  passTime(40 * DAY);
  return ids;
}

/** Wraps the bucket so that something happens after, or in place of, what is asked of it. */
function bucket(
  method: "put" | "get" | "head",
  happens: (key: string, real: () => Promise<unknown>) => Promise<unknown>,
): R2Bucket {
  return new Proxy(env.FILES, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== "function") {
        return value;
      }
      const real = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
      return name === method
        ? (key: string, ...args: unknown[]) => happens(key, () => real(key, ...args))
        : real;
    },
  });
}

const withFiles = (files: R2Bucket): Env => ({ ...testing, FILES: files });
const isIndex = (key: string) => key.endsWith(".index.json");

/** Returns those of the given tasks that are still in D1. */
async function inD1(ids: readonly string[]): Promise<string[]> {
  const { results } = await env.DB.prepare("SELECT id FROM tasks ORDER BY id").all<{
    id: string;
  }>();
  return results.map(({ id }) => id).filter((id) => ids.includes(id));
}

async function expectEachOnce(ids: readonly string[]): Promise<void> {
  const listed = (await listedIds()).filter((id) => ids.includes(id));
  expect(listed.toSorted()).toEqual(ids.toSorted());
}

describe("a row that changed while its copy was proven", () => {
  it.each(["retry", "discard"] as const)(
    "stays after a %s, and is archived anew",
    async (action) => {
      const ids = await aged(3, { productos: [] });
      const [changed = ""] = ids;
      const by = { by: "user:ana", reason: "looked at" };
      const files = bucket("put", async (key, real) => {
        const put = await real();
        if (isIndex(key)) {
          expect(await actOn(testing, engine, action, changed, by)).toBe("done");
        }
        return put;
      });
      await archiveNow(withFiles(files));
      expect(await inD1(ids)).toEqual([changed]);
      await expectEachOnce(ids);
      await deliver([changed], testing);
      const { status, discard_reason } = await taskOf(changed);
      passTime(2 * DAY);
      await archiveNow(testing);
      expect(await inD1(ids)).toEqual([]);
      expect((await findArchived(env, changed))?.rows.task).toMatchObject({
        status,
        discard_reason,
      });
      await expectEachOnce(ids);
    },
  );

  it("stays when its order was deleted, whose content is then in no copy that is shown", async () => {
    const [id = "", other = ""] = await aged(2, { cliente: "Forgotten GmbH" });
    const { subject } = await taskOf(id);
    const files = bucket("put", async (key, real) => {
      const put = await real();
      if (isIndex(key)) {
        await deleteOrder(testing, subject ?? "", {
          by: "user:ana",
          reason: "asked to be forgotten",
        });
      }
      return put;
    });
    await archiveNow(withFiles(files));
    expect(await inD1([id, other])).toEqual([id]);
    passTime(2 * DAY);
    await archiveNow(testing);
    expect(await inD1([id, other])).toEqual([]);
    expect((await findArchived(env, id))?.order).toBeNull();
    expect((await findArchived(env, other))?.order).not.toBeNull();
  });

  it("stays while another task of its order id is open", async () => {
    const [id = ""] = await aged(1);
    const { subject } = await taskOf(id);
    const [again = ""] = await storeOrders(testing, [anOrder({ id: subject })]);
    await archiveNow(testing);
    expect(await inD1([id, again])).toEqual([id, again]);
    await deliver([again], testing);
    expect(await taskOf(again)).toMatchObject({ status: "FAILURE", error_code: "duplicate_order" });
    await archiveNow(testing);
    expect(await inD1([id, again])).toEqual([again]);
  });
});

describe("an archive that is not as it was written", () => {
  it.each([
    ["cut short", (text: string) => text.slice(0, -10)],
    ["empty", () => ""],
  ])("deletes nothing where the index is read back %s", async (_, change) => {
    const ids = await aged(3);
    const files = bucket("get", async (key, real) => {
      const object = (await real()) as R2ObjectBody | null;
      return object && isIndex(key)
        ? { ...object, text: async () => change(await object.text()) }
        : object;
    });
    const task = await archiveNow(withFiles(files));
    expect(task).toMatchObject({ status: "FAILURE", error_code: "archive_damaged" });
    expect(await inD1(ids)).toEqual(ids.toSorted());
    expect(await allGenerations(env.DB, "tasks")).toEqual([]);
  });

  it("deletes nothing where the object is shorter than what was written", async () => {
    const ids = await aged(3);
    const files = bucket("head", async (_, real) => {
      const object = (await real()) as R2Object;
      return { size: object.size - 1 };
    });
    const task = await archiveNow(withFiles(files));
    expect(task).toMatchObject({ status: "FAILURE", error_code: "archive_damaged" });
    expect(await inD1(ids)).toEqual(ids.toSorted());
  });

  it("deletes nothing where D1 has another total than the record", async () => {
    const ids = await aged(3);
    const files = bucket("put", async (_, real) => {
      const put = await real();
      await env.DB.prepare("UPDATE orders SET total = total + 1 WHERE task_id = ?")
        .bind(ids[1])
        .run();
      return put;
    });
    const task = await archiveNow(withFiles(files));
    expect(task).toMatchObject({ status: "FAILURE", error_code: "archive_damaged" });
    expect(await inD1(ids)).toEqual(ids.toSorted());
  });

  it("is deleted from only as far as it is still whole", async () => {
    const ids = await aged(3);
    let reads = 0;
    const files = bucket("get", async (key, real) => {
      reads += isIndex(key) ? 0 : 1;
      return reads === 2 ? null : real();
    });
    const task = await archiveNow(withFiles(files));
    expect(task).toMatchObject({ status: "FAILURE", error_code: "archive_damaged" });
    expect(await inD1(ids)).toEqual(ids.toSorted());
    await expectEachOnce(ids);
  });
});

describe("R2 that fails", () => {
  it.each(["put", "get", "head"] as const)(
    "in %s twice costs attempts, and no task",
    async (method) => {
      const ids = await aged(4);
      let left = 2;
      const files = bucket(method, (_, real) => {
        left -= 1;
        return left >= 0
          ? Promise.reject(new Error("put: Network connection lost. (10001)"))
          : real();
      });
      const task = await archiveNow(withFiles(files));
      expect(task.status).toBe("SUCCESS");
      expect(await inD1(ids)).toEqual([]);
      await expectEachOnce(ids);
    },
  );

  it("for good ends the task, and every row is where it was", async () => {
    const ids = await aged(2);
    const files = bucket("put", () => Promise.reject(new Error("internal error (10001)")));
    const task = await archiveNow(withFiles(files));
    expect(task.status).toBe("FAILURE");
    expect(await inD1(ids)).toEqual(ids.toSorted());
  });
});

describe("D1 that fails inside the deletion", () => {
  it.each(["commits, but is reported failed", "fails"] as const)(
    "%s: each task is in one place",
    async (fault) => {
      const ids = await aged(4);
      const DB = faultyDatabase(strike("DELETE FROM tasks", fault, 3));
      const task = await archiveNow(testEnv({ DB }));
      expect(task.status).toBe("SUCCESS");
      expect(await inD1(ids)).toEqual([]);
      expect((await archivedRows()).map(({ id }) => id)).toEqual(ids.toSorted());
      await expectEachOnce(ids);
    },
  );
});

describe("the registry", () => {
  it("that does not answer keeps every order in D1 until it does", async () => {
    const ids = await aged(3);
    const dead = { getByName: () => ({ confirmMany: () => Promise.reject(new Error("lost")) }) };
    const without = { ...testing, ORDER_REGISTRY: dead } as unknown as Env;
    const [id = ""] = await storeTasks(testing, defineArchiving(), [{}]);
    for (let run = 0; run < 3; run += 1) {
      await deliver([id], without, engine);
      await passWaits([id]);
    }
    expect(await taskOf(id)).toMatchObject({ status: "RETRY", attempts: 0 });
    expect(await inD1(ids)).toEqual(ids.toSorted());
    await deliver([id], testing, engine);
    expect((await taskOf(id)).status).toBe("SUCCESS");
    expect(await inD1(ids)).toEqual([]);
  });

  it("says of an archived order's id that it is used, and by which task", async () => {
    const [id = ""] = await aged(1);
    const { subject } = await taskOf(id);
    await archiveNow(testing);
    const [again = ""] = await storeOrders(testing, [anOrder({ id: subject })]);
    await deliver([again], testing);
    const { error_code, error_detail } = await taskOf(again);
    expect(error_code).toBe("duplicate_order");
    expect(JSON.parse(error_detail ?? "{}")).toMatchObject({ winner: id });
  });
});

describe("two at once", () => {
  it("archive every task, each shown once", async () => {
    const ids = await aged(12);
    const sliced = defineArchiving({ sliceMs: 0 });
    const both = new Engine([processOrder, sliced]);
    const tasks = await storeTasks(testing, sliced, [{}, {}]);
    for (let run = 0; run < 12; run += 1) {
      for (const task of tasks) {
        await deliver([task], testing, both);
      }
      await passWaits(tasks);
    }
    expect((await Promise.all(tasks.map(taskOf))).map(({ status }) => status)).toEqual([
      "SUCCESS",
      "SUCCESS",
    ]);
    expect(await inD1(ids)).toEqual([]);
    await expectEachOnce(ids);
  });

  it("are not started: one that is at work is enough, and none where nothing is due", async () => {
    const quiet = { ...testing, QUEUE_TASKS: deafQueue };
    const count = "SELECT count(*) AS n FROM tasks WHERE name = 'system.archive'";
    await startArchiving(quiet, Date.now());
    expect(await env.DB.prepare(count).first("n")).toBe(0);
    await aged(1);
    await startArchiving(quiet, Date.now());
    await startArchiving(quiet, Date.now());
    expect(await env.DB.prepare(count).first("n")).toBe(1);
  });
});

describe("archiving that is cancelled", () => {
  it("leaves no object behind that nothing was deleted for", async () => {
    const ids = await aged(6);
    const sliced = defineArchiving({ sliceMs: 0 });
    const own = new Engine([processOrder, sliced]);
    const [id = ""] = await storeTasks(testing, sliced, [{}]);
    await deliver([id], testing, own);
    expect(await actOn(testing, own, "cancel", id, { by: "user:ana", reason: undefined })).toBe(
      "done",
    );
    expect(await inD1(ids)).toEqual(ids.toSorted());
    const { objects } = await env.FILES.list({ prefix: "archive/" });
    expect(objects).toEqual([]);
    const { results } = await env.DB.prepare("SELECT * FROM archive_generations").all();
    expect(results).toEqual([]);
  });
});

describe("orders that wait", () => {
  it("go first: archiving steps back, and uses no attempt", async () => {
    const ids = await aged(1);
    await storeOrders(
      testing,
      Array.from({ length: 220 }, () => anOrder()),
    );
    await env.DB.prepare("UPDATE tasks SET check_at = 1 WHERE status = 'PENDING'").run();
    const [id = ""] = await storeTasks(testing, defineArchiving(), [{}]);
    await deliver([id], testing, engine);
    expect(await taskOf(id)).toMatchObject({ status: "RETRY", attempts: 0 });
    expect((await taskOf(id)).timeline).toContain("archive_stepped_back");
    expect(await inD1(ids)).toEqual(ids);
  });
});

describe("a damaged day", () => {
  it("is told by the API, which names the records it costs", async () => {
    const ids = await aged(3);
    await archiveNow(testing);
    const [generation] = await allGenerations(env.DB, "tasks");
    const object = recordsKey(generation as GenerationKey);
    const bytes = await (await env.FILES.get(object))?.arrayBuffer();
    await env.FILES.delete(object);
    const key = await masterKey();
    const one = await call(`/api/tasks/executions/${ids[0]}/`, { key });
    expect(one.status).toBe(410);
    const body = await one.json<Record<string, unknown>>();
    expect(body).toMatchObject({ code: "archive_damaged", day: generation?.day });
    const list = await call("/api/tasks/executions/", { key });
    expect(await list.json()).toMatchObject({
      damaged: [{ first_id: ids.toSorted()[0], last_id: ids.toSorted().at(-1) }],
    });
    await env.FILES.put(object, bytes ?? "");
  });
});
