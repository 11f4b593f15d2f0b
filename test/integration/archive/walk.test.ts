import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { customerWords } from "../../../src/archive/index-member";
import { mayHold } from "../../../src/archive/bloom";
import { dayOf, indexKey, recordsKey } from "../../../src/archive/keys";
import { findArchived } from "../../../src/archive/find";
import { forgetIndexes } from "../../../src/archive/read";
import type { TaskRecord } from "../../../src/archive/record";
import { type ArchiveWalk, type Place, walkArchive } from "../../../src/archive/walk";
import { newBatchId, taskId } from "../../../src/lib/ids";
import { archive, clearArchive } from "../../support/archive";
import { clearTasks, recount } from "../../support/recount";

const DAY = 86_400_000;
const FIRST_DAY = Date.UTC(2020, 0, 1);

beforeEach(async () => {
  await clearTasks();
  await clearArchive();
});

afterEach(clearArchive); // Statistics count none of these records, as no task was stored for them.

function recordAt(ms: number, processedAt: number | null = null, customer = "ACME"): TaskRecord {
  const id = taskId(newBatchId(ms), 0);
  const orderId = `PED-${id.slice(-8)}`;
  const order = processedAt === null ? null : { id: orderId, customer, processed_at: processedAt };
  return {
    task: { id },
    order,
    rows: { task: { id, name: "orders.process", status: "SUCCESS", subject: orderId }, order },
    version: "",
  };
}

const EVERYTHING: ArchiveWalk = {
  order: "id",
  isUpwards: false,
  after: null,
  mayHold: () => true,
  matches: () => true,
  limit: 4,
};

/** Returns the ids of a whole walk, page by page. */
async function walkAll(walk: Partial<ArchiveWalk>): Promise<string[]> {
  const ids: string[] = [];
  let after: Place | null = null;
  for (;;) {
    const page = await walkArchive(env, { ...EVERYTHING, ...walk, after });
    const limit = walk.limit ?? EVERYTHING.limit;
    const shown = page.records.slice(0, limit);
    ids.push(...shown.map(({ task }) => task.id));
    const last = shown.at(-1);
    if (last && page.records.length > shown.length) {
      after = placeOf(last, walk.order);
    } else if (page.end) {
      after = page.end;
    } else {
      return ids;
    }
  }
}

function placeOf({ rows: { task, order } }: TaskRecord, by: ArchiveWalk["order"] = "id"): Place {
  return by === "id"
    ? [String(task["id"])]
    : [Number(order?.["processed_at"]), String(order?.["id"])];
}

const ascending = ([a = 0, b = ""]: Place, [c = 0, d = ""]: Place) =>
  a < c || (a === c && b < d) ? -1 : 1;
const descending = (a: Place, b: Place) => ascending(b, a);

describe("a walk through the archive", () => {
  it("meets each task once, in order, both ways, over days and late generations", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            day: fc.integer({ min: 0, max: 3 }),
            generation: fc.integer({ min: 1, max: 2 }),
            ms: fc.integer({ min: 0, max: DAY - 1 }),
            lag: fc.option(fc.integer({ min: 0, max: 2 * DAY })),
          }),
          { minLength: 1, maxLength: 40 },
        ),
        fc.boolean(),
        fc.constantFrom("id" as const, "processed" as const),
        async (tasks, isUpwards, order) => {
          await env.DB.prepare("DELETE FROM archive_generations").run();
          forgetIndexes();
          const made = tasks.map(({ day, generation, ms, lag }) => {
            const at = FIRST_DAY + day * DAY + ms;
            return { day, generation, record: recordAt(at, lag === null ? null : at + lag) };
          });
          const groups = Map.groupBy(made, ({ day, generation }) => `${day} ${generation}`);
          for (const group of groups.values()) {
            const { day = 0, generation = 1 } = group[0] ?? {};
            const key = { day: dayOf(FIRST_DAY + day * DAY), generation };
            await archive(
              key,
              group.map(({ record }) => record),
            );
          }
          const expected = made
            .map(({ record }) => record)
            .filter(({ order: stored }) => order === "id" || stored !== null);
          const ids = await walkAll({ isUpwards, order });
          expect(ids.toSorted()).toEqual(expected.map(({ task }) => task.id).toSorted());
          const places = ids.map((id) => {
            const record = expected.find(({ task }) => task.id === id);
            return record ? placeOf(record, order) : [];
          });
          expect(places).toEqual(places.toSorted(isUpwards ? ascending : descending));
        },
      ),
      { numRuns: 25 },
    );
  });

  it("goes on behind as many members as one page may read", async () => {
    const records = Array.from({ length: 60 }, (_, n) => recordAt(FIRST_DAY + n * 1000));
    await archive({ day: "2020-01-01", generation: 1 }, records);
    const rare = records[1]?.task.id;
    const first = await walkArchive(env, {
      ...EVERYTHING,
      matches: ({ task }) => task.id === rare,
    });
    expect(first.records).toEqual([]);
    expect(first.end).not.toBeNull();
    expect(await walkAll({ matches: ({ task }) => task.id === rare })).toEqual([rare]);
  });

  it.each([false, true])(
    "goes on through more members than a page may read that overlap, upwards %s",
    async (isUpwards) => {
      // Each member begins at the same moment, from whichever end it is walked.
      const edge = isUpwards ? FIRST_DAY : FIRST_DAY + DAY / 2;
      const records = Array.from({ length: 60 }, (_, n) =>
        recordAt(FIRST_DAY + n * 1000, n % 3 === 0 ? edge : FIRST_DAY + n * 1000),
      );
      await archive({ day: "2020-01-01", generation: 1 }, records);
      const ids = await walkAll({ order: "processed", isUpwards, limit: 20 });
      const wanted = records
        .map((record) => placeOf(record, "processed"))
        .toSorted(isUpwards ? ascending : descending);
      expect(ids.map((id) => `PED-${id.slice(-8)}`)).toEqual(wanted.map(([, id]) => id));
    },
  );

  it("leaves out members that cannot hold what is looked for", async () => {
    const names = ["Núñez Hermanos", "ACME", "Übersee GmbH"];
    const records = Array.from({ length: 30 }, (_, n) =>
      recordAt(FIRST_DAY + n * 1000, FIRST_DAY + n * 1000, names[Math.floor(n / 10)]),
    );
    await archive({ day: "2020-01-01", generation: 1 }, records);
    const [word = ""] = customerWords("nunez");
    let looked = 0;
    const ids = await walkAll({
      mayHold: ({ filters }) => mayHold(filters.customers, word),
      matches: ({ rows }) => {
        looked += 1;
        return String(rows.order?.["customer"]).startsWith("Núñez");
      },
    });
    expect(ids).toHaveLength(10);
    expect(looked).toBeLessThan(20);
  });

  it("shows the newest copy of a task, and none of one that is in D1", async () => {
    const [again, back, other] = [0, 1, 2].map((n) => recordAt(FIRST_DAY + n)) as [
      TaskRecord,
      TaskRecord,
      TaskRecord,
    ];
    await archive({ day: "2020-01-01", generation: 1 }, [again, back, other]);
    const retried = {
      ...again,
      rows: { ...again.rows, task: { ...again.rows.task, status: "X" } },
    };
    await archive({ day: "2020-01-01", generation: 2 }, [retried]);
    await env.DB.prepare(
      `INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, ready_at, check_at, created_at)
       VALUES (?, 'a', 'a', 'tasks', 'PENDING', '{}', 1, 0, 0, 0)`,
    )
      .bind(back.task.id)
      .run();
    await recount();
    const page = await walkArchive(env, EVERYTHING);
    expect(page.records).toEqual([other, retried]);
    expect(await findArchived(env, again.task.id)).toMatchObject(retried);
    // A filter that only the older copy meets finds neither.
    const stale = await walkArchive(env, {
      ...EVERYTHING,
      matches: ({ rows }) => rows.task["status"] === "SUCCESS",
    });
    expect(stale.records).toEqual([other]);
  });
});

describe("a damaged archive", () => {
  it("costs a flipped byte's own member, which is named, and nothing else", async () => {
    const records = Array.from({ length: 9 }, (_, n) => recordAt(FIRST_DAY + n));
    const key = { kind: "tasks", day: "2020-01-01", generation: 1 } as const;
    const index = await archive(key, records);
    const object = await env.FILES.get(recordsKey(key));
    const bytes = new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer());
    const at = (index.members[1]?.offset ?? 0) + 20;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await env.FILES.put(recordsKey(key), bytes);
    const page = await walkArchive(env, { ...EVERYTHING, limit: 20 });
    expect(page.records.map(({ task }) => task.id).toSorted()).toEqual(
      [...records.slice(0, 3), ...records.slice(6)].map(({ task }) => task.id).toSorted(),
    );
    expect(page.damage).toEqual([
      expect.objectContaining({ ids: [records[3]?.task.id, records[5]?.task.id] }),
    ]);
    await expect(findArchived(env, records[4]?.task.id ?? "")).rejects.toThrow("2020-01-01");
  });

  it.each(["missing", "cut short", "of an unknown version"])(
    "names a day whose index is %s",
    async (how) => {
      const key = { kind: "tasks", day: "2020-01-01", generation: 1 } as const;
      await archive(key, [recordAt(FIRST_DAY)]);
      await archive({ day: "2020-01-02", generation: 1 }, [recordAt(FIRST_DAY + DAY)]);
      const text = (await (await env.FILES.get(indexKey(key)))?.text()) ?? "";
      if (how === "missing") {
        await env.FILES.delete(indexKey(key));
      } else {
        const bad =
          how === "cut short" ? text.slice(0, -9) : text.replace(`"version":1`, `"version":99`);
        await env.FILES.put(indexKey(key), bad);
      }
      const page = await walkArchive(env, EVERYTHING);
      expect(page.records).toHaveLength(1);
      expect(page.damage).toEqual([expect.objectContaining({ day: "2020-01-01", ids: null })]);
    },
  );
});
