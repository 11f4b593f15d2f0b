import { sql } from "../db/sql";
import type { ArchiveIndex } from "./index-file";
import type { GenerationKey, Kind } from "./keys";
import type { GenerationColumns } from "./schema";

/** A row of the manifest. */
export type Generation = Omit<GenerationColumns, "kind"> & { kind: Kind };

const ANY = sql("SELECT 1 FROM archive_generations LIMIT 1");

/** Whether anything may have left D1. */
export async function hasArchive(db: D1Database): Promise<boolean> {
  return (await ANY.on(db).first()) !== null;
}

const OF_DAY = sql(`
SELECT * FROM archive_generations WHERE kind = :kind AND day = :day ORDER BY generation DESC`);

/** The generations of a day, the newest first. */
export async function generationsOf(
  db: D1Database,
  kind: Kind,
  day: string,
): Promise<Generation[]> {
  return (await OF_DAY.on(db, { kind, day }).all<Generation>()).results;
}

const ALL = sql("SELECT * FROM archive_generations WHERE kind = :kind ORDER BY day, generation");

/** Every generation, the oldest day first: a row or two a day. */
export async function allGenerations(db: D1Database, kind: Kind): Promise<Generation[]> {
  return (await ALL.on(db, { kind }).all<Generation>()).results;
}

const ADD = sql(`
INSERT INTO archive_generations (kind, day, generation, first_id, last_id, first_processed_at,
  last_processed_at, records, orders, bytes, created_at)
VALUES (:kind, :day, :generation, :firstId, :lastId, :firstProcessedAt, :lastProcessedAt, :records,
  :orders, :bytes, :createdAt)
ON CONFLICT (kind, day, generation) DO NOTHING`);

/** Enters an object whose index is in R2; again, it changes nothing. */
export function addGeneration(db: D1Database, index: ArchiveIndex): D1PreparedStatement {
  const { kind, day, generation, members } = index;
  const processed = members.flatMap(({ first_processed_at: first, last_processed_at: last }) =>
    first === null || last === null ? [] : [first, last],
  );
  return ADD.on(db, {
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
  });
}

const REMOVE = sql(`
DELETE FROM archive_generations WHERE kind = :kind AND day = :day AND generation = :generation`);

export function removeGeneration(db: D1Database, key: GenerationKey): D1PreparedStatement {
  const { kind, day, generation } = key;
  return REMOVE.on(db, { kind, day, generation });
}
