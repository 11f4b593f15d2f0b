/** Reading the objects of the archive: an index, and of the records one member by one ranged GET. */
import { sha256Hex } from "../lib/hex";
import { type ArchiveIndex, type Member, parseIndex } from "./index-file";
import { type GenerationKey, indexKey, recordsKey } from "./keys";
import { gunzipLines } from "./member";

/** What cannot be read, and which records that costs. */
export interface Damage extends GenerationKey {
  /** First and last id; null of a whole object. */
  ids: readonly [first: string, last: string] | null;
  why: string;
}

/** An index or a member is not there, or not as it was written. */
export class DamagedError extends Error {
  constructor(readonly damage: Damage) {
    const { kind, day, generation, ids, why } = damage;
    const what = ids === null ? "its index" : `the records ${ids[0]} to ${ids[1]}`;
    super(`Archive of ${kind}, ${day}, generation ${generation}: ${what}: ${why}`);
  }
}

/** Characters of index files kept: some 40 days of 100,000 tasks. */
const MAX_KEPT = 24_000_000;
const kept = new Map<string, { index: ArchiveIndex; size: number }>();
let keptSize = 0;

/** An object is never written twice under one key, so its index may be kept. Throws a DamagedError. */
export async function readIndex(files: R2Bucket, generation: GenerationKey): Promise<ArchiveIndex> {
  const key = indexKey(generation);
  const known = kept.get(key);
  if (known) {
    kept.delete(key);
    kept.set(key, known); // the latest asked for is the last to go
    return known.index;
  }
  const object = await files.get(key);
  const damaged = (why: string) => new DamagedError({ ...pick(generation), ids: null, why });
  if (!object) {
    throw damaged("it is not there");
  }
  const text = await object.text();
  let index: ArchiveIndex;
  try {
    index = parseIndex(text);
  } catch (error) {
    throw damaged(String(error));
  }
  keep(key, index, text.length);
  return index;
}

function keep(key: string, index: ArchiveIndex, size: number): void {
  kept.set(key, { index, size });
  keptSize += size;
  for (const [oldest, { size: freed }] of kept) {
    if (keptSize <= MAX_KEPT || oldest === key) {
      break;
    }
    kept.delete(oldest);
    keptSize -= freed;
  }
}

/** For who has replaced objects, and for tests. */
export function forgetIndexes(): void {
  kept.clear();
  keptSize = 0;
}

/**
 * The records of a member, as they were written: its hash is compared. Throws a DamagedError.
 */
export async function readMember<Record>(
  files: R2Bucket,
  generation: GenerationKey,
  member: Pick<Member, "offset" | "length" | "sha256" | "first_id" | "last_id">,
): Promise<Record[]> {
  const { offset, length, first_id, last_id } = member;
  const damaged = (why: string) =>
    new DamagedError({ ...pick(generation), ids: [first_id, last_id], why });
  const object = await files.get(recordsKey(generation), { range: { offset, length } });
  if (!object) {
    throw damaged("the object is not there");
  }
  const bytes = new Uint8Array(await object.arrayBuffer());
  if ((await sha256Hex(bytes)) !== member.sha256) {
    throw damaged("not the bytes that were written");
  }
  try {
    return (await gunzipLines(bytes)).map((line) => JSON.parse(line) as Record);
  } catch (error) {
    throw damaged(String(error));
  }
}

const pick = ({ kind, day, generation }: GenerationKey): GenerationKey => ({
  kind,
  day,
  generation,
});
