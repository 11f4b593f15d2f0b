/**
 * An object is proven by reading it back from R2, and comparing it with what was written and with
 * D1.
 */
import { type ArchiveIndex, type Member, parseIndex } from "../archive/index-file";
import { describeTasks } from "../archive/index-member";
import { type GenerationKey, indexKey, recordsKey } from "../archive/keys";
import { DamagedError, readMember } from "../archive/read";
import type { TaskRecord } from "../archive/record";
import { sql } from "../db/sql";
import { ROW_VERSION } from "../tasks/model/row-version";
import type { MemberPlace } from "./write";

const SAME = sql(
  `SELECT t.id, o.total FROM json_each(:rows) r CROSS JOIN tasks t ON t.id = r.value ->> 0
LEFT JOIN orders o ON o.id = t.subject AND o.task_id = t.id
WHERE ${ROW_VERSION} = r.value ->> 1`,
  ["rows"],
);

/**
 * Reads every member of an object and makes its index of what is read. Throws a DamagedError where
 * its bytes are not those that were written, or its records not what D1 says.
 */
export async function proveObject(
  env: Pick<Env, "DB" | "FILES">,
  key: GenerationKey,
  places: readonly MemberPlace[],
  now: number,
): Promise<ArchiveIndex> {
  const members: Member[] = [];
  const totals: Record<string, number> = {};
  let orders = 0;
  const bytes = places.reduce((sum, { length }) => sum + length, 0);
  const object = await env.FILES.head(recordsKey(key));
  if (object?.size !== bytes) {
    const why = `the object has ${object?.size ?? "no"} bytes, not ${bytes}`;
    throw new DamagedError({ ...key, ids: null, why });
  }
  for (const place of places) {
    const records = await readMember<TaskRecord>(env.FILES, key, { ...place, ...UNKNOWN });
    const described = describeTasks(records);
    await compareWithD1(env.DB, key, described, records);
    members.push({ ...place, ...described });
    for (const { rows } of records) {
      if (rows.order) {
        const currency = String(rows.order["currency"]);
        totals[currency] = (totals[currency] ?? 0) + Number(rows.order["total"]);
        orders += 1;
      }
    }
  }
  return { version: 1, ...key, created_at: now, bytes, orders, totals, members };
}

const UNKNOWN = { first_id: "?", last_id: "?" };

/**
 * Throws unless each row that has not changed since has its record, and their orders' totals add
 * up.
 */
async function compareWithD1(
  db: D1Database,
  key: GenerationKey,
  { first_id, last_id }: Pick<Member, "first_id" | "last_id">,
  records: readonly TaskRecord[],
): Promise<void> {
  const rows = JSON.stringify(records.map(({ rows: { task }, version }) => [task["id"], version]));
  const { results } = await SAME.on(db, { rows }).all<{ id: string; total: number | null }>();
  const same = new Map(results.map(({ id, total }) => [id, total]));
  const kept = records.filter(({ rows: { task } }) => same.has(String(task["id"])));
  const inD1 = [...same.values()].reduce<number>((sum, total) => sum + (total ?? 0), 0);
  // An order that was deleted since is gone from D1 alone: its task stays, and is archived again.
  const archived = kept.reduce(
    (sum, { rows: { task, order } }) =>
      sum + (same.get(String(task["id"])) === null ? 0 : Number(order?.["total"] ?? 0)),
    0,
  );
  const ids = new Set(records.map(({ rows: { task } }) => task["id"]));
  if (inD1 !== archived || ids.size !== records.length) {
    const why = `its orders add up to ${archived}, those of D1 to ${inD1}`;
    throw new DamagedError({ ...key, ids: [first_id, last_id], why });
  }
}

/** Writes the index and reads it back. Throws a DamagedError. */
export async function putIndex(files: R2Bucket, index: ArchiveIndex): Promise<void> {
  const text = JSON.stringify(index);
  await files.put(indexKey(index), text, { httpMetadata: { contentType: "application/json" } });
  const back = await (await files.get(indexKey(index)))?.text();
  if (back !== text) {
    const { kind, day, generation } = index;
    const why = "it is not read back as it was written";
    throw new DamagedError({ kind, day, generation, ids: null, why });
  }
  parseIndex(back);
}
