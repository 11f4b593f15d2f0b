import { sql } from "../db/sql";
import { firstIdAt, timeOf } from "../lib/ids";
import type { ArchiveIndex } from "./index-file";
import type { GenerationKey, Kind } from "./keys";
import type { GenerationColumns } from "./schema";

/** Generation is a row of the manifest. */
export type Generation = Omit<GenerationColumns, "kind"> & { kind: Kind };

const ANY = sql("SELECT 1 FROM archive_generations WHERE proven_at IS NOT NULL LIMIT 1");

/** Tells whether anything may have left D1. */
export async function hasArchive(db: D1Database): Promise<boolean> {
  return (await ANY.on(db).first()) !== null;
}

const ANY_OF_IDS = sql(`
SELECT 1 FROM archive_generations WHERE kind = 'tasks' AND proven_at IS NOT NULL
  AND last_id >= :from AND first_id < :before ORDER BY day DESC LIMIT 1`);
const ANY_PROCESSED = sql(`
SELECT 1 FROM archive_generations WHERE kind = 'tasks' AND proven_at IS NOT NULL
  AND last_processed_at >= :from AND first_processed_at < :before ORDER BY day DESC LIMIT 1`);

/** Whether tasks of that range of ids, or of those with orders processed then, may have left D1. */
export async function mayBeArchived(
  db: D1Database,
  range: { ids: Range<string> } | { processed: Range<number> },
): Promise<boolean> {
  if ("ids" in range) {
    const { from = "", before = "g" } = range.ids; // ids are hexadecimal
    return (await ANY_OF_IDS.on(db, { from, before }).first()) !== null;
  }
  const { from = 0, before = Number.MAX_SAFE_INTEGER } = range.processed;
  return (await ANY_PROCESSED.on(db, { from, before }).first()) !== null;
}

interface Range<Place> {
  from?: Place | undefined;
  before?: Place | undefined;
}

const FIRST_ID = sql(`
SELECT first_id FROM archive_generations WHERE kind = 'tasks' AND proven_at IS NOT NULL
  AND last_id >= :from ORDER BY day LIMIT 1`);
const FIRST_PROCESSED = sql(`
SELECT min(first_processed_at) AS at FROM archive_generations
WHERE kind = 'tasks' AND proven_at IS NOT NULL AND last_processed_at >= :from`);

/** About where the archive of tasks begins, from that moment on; Infinity when nothing is archived. */
export async function archivedSince(
  db: D1Database,
  by: "accepted" | "processed",
  from = 0,
): Promise<number> {
  if (by === "processed") {
    const at = await FIRST_PROCESSED.on(db, { from }).first<number>("at");
    return at === null ? Infinity : Math.max(from, at);
  }
  const first = await FIRST_ID.on(db, { from: firstIdAt(from) }).first<string>("first_id");
  return first === null ? Infinity : Math.max(from, timeOf(first));
}

const OF_DAY = sql(`
SELECT * FROM archive_generations WHERE kind = :kind AND day = :day AND proven_at IS NOT NULL ORDER BY generation DESC`);

/** Returns the proven generations of a day, the newest first. */
export async function generationsOf(
  db: D1Database,
  kind: Kind,
  day: string,
): Promise<Generation[]> {
  return (await OF_DAY.on(db, { kind, day }).all<Generation>()).results;
}

const ALL = sql(`
SELECT * FROM archive_generations WHERE kind = :kind AND proven_at IS NOT NULL
ORDER BY day, generation`);

/** Returns every proven generation, the oldest day first: a row or two a day. */
export async function allGenerations(db: D1Database, kind: Kind): Promise<Generation[]> {
  return (await ALL.on(db, { kind }).all<Generation>()).results;
}

const RESERVE = sql(`
INSERT INTO archive_generations (kind, day, generation, first_id, last_id, records, orders, bytes,
  created_at, task_id)
SELECT :kind, :day, coalesce(max(generation), 0) + 1, '', '', 0, 0, 0, :now, :taskId
FROM archive_generations WHERE kind = :kind AND day = :day
HAVING NOT EXISTS (SELECT 1 FROM archive_generations
  WHERE kind = :kind AND day = :day AND task_id = :taskId AND proven_at IS NULL)`);

const RESERVED = sql(`
SELECT max(generation) AS generation FROM archive_generations
WHERE kind = :kind AND day = :day AND task_id = :taskId AND proven_at IS NULL`);

/**
 * Reserves the next generation of a day for this task alone to write. Until that is proven, a
 * repeat returns the same one.
 */
export async function reserveGeneration(
  db: D1Database,
  { kind, day }: Pick<GenerationKey, "kind" | "day">,
  taskId: string,
  now: number,
): Promise<GenerationKey> {
  const [, reserved] = await db.batch<{ generation: number }>([
    RESERVE.on(db, { kind, day, taskId, now }),
    RESERVED.on(db, { kind, day, taskId }),
  ]);
  const generation = reserved?.results[0]?.generation;
  if (!generation) {
    throw new Error(`No generation of ${day} was reserved`);
  }
  return { kind, day, generation };
}

const PROVEN = sql(`
INSERT INTO archive_generations (kind, day, generation, first_id, last_id, first_processed_at,
  last_processed_at, records, orders, bytes, created_at, task_id, proven_at)
VALUES (:kind, :day, :generation, :firstId, :lastId, :firstProcessedAt, :lastProcessedAt, :records,
  :orders, :bytes, :createdAt, :taskId, :now)
ON CONFLICT (kind, day, generation) DO UPDATE SET first_id = excluded.first_id,
  last_id = excluded.last_id, first_processed_at = excluded.first_processed_at,
  last_processed_at = excluded.last_processed_at, records = excluded.records,
  orders = excluded.orders, bytes = excluded.bytes, created_at = excluded.created_at,
  proven_at = excluded.proven_at
WHERE archive_generations.task_id IS excluded.task_id`);

/**
 * Makes the statement that enters an object which was read back, whether this task wrote it or it
 * was found in R2.
 */
export function enterGeneration(
  db: D1Database,
  index: ArchiveIndex,
  taskId: string | null,
  now: number,
): D1PreparedStatement {
  const { kind, day, generation, members } = index;
  const processed = members.flatMap(({ first_processed_at: first, last_processed_at: last }) =>
    first === null || last === null ? [] : [first, last],
  );
  return PROVEN.on(db, {
    kind,
    day,
    generation,
    firstId: members[0]?.first_id ?? "",
    lastId: members.at(-1)?.last_id ?? "",
    firstProcessedAt: processed.length === 0 ? null : Math.min(...processed),
    lastProcessedAt: processed.length === 0 ? null : Math.max(...processed),
    records: members.reduce((sum, { records }) => sum + records, 0),
    orders: index.orders,
    bytes: index.bytes,
    createdAt: index.created_at,
    taskId,
    now,
  });
}

const RELEASE = sql(`
DELETE FROM archive_generations WHERE kind = :kind AND day = :day AND generation = :generation
  AND task_id = :taskId AND proven_at IS NULL`);

/**
 * Gives up a name that this task reserved. Returns false, and changes nothing, if it was proven.
 */
export async function releaseGeneration(
  db: D1Database,
  { kind, day, generation }: GenerationKey,
  taskId: string,
): Promise<boolean> {
  const { meta } = await RELEASE.on(db, { kind, day, generation, taskId }).run();
  return meta.changes > 0;
}
