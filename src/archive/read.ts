/**
 * The objects of the archive are read index by index, and their records member by member, each with
 * one ranged GET.
 */
import { sha256Hex } from "../lib/hex";
import { type ArchiveIndex, type Member, parseIndex } from "./index-file";
import { type GenerationKey, indexKey, recordsKey } from "./keys";
import { gunzipLines } from "./member";

/** Damage says what cannot be read, and which records that costs. */
export interface Damage extends GenerationKey {
  /** The first and the last id; null if the whole object is damaged. */
  ids: readonly [first: string, last: string] | null;
  why: string;
}

/** DamagedError tells that an index or a member is missing, or is not as it was written. */
export class DamagedError extends Error {
  constructor(readonly damage: Damage) {
    const { kind, day, generation, ids, why } = damage;
    const what = ids === null ? "its index" : `the records ${ids[0]} to ${ids[1]}`;
    super(`Archive of ${kind}, ${day}, generation ${generation}: ${what}: ${why}`);
  }
}

/** Kept index files have this many characters at most: some 40 days of 100,000 tasks. */
const MAX_KEPT = 24_000_000;
const kept = new Map<string, { index: ArchiveIndex; size: number }>();
let keptSize = 0;

/**
 * Returns the index of a generation, which may be kept, as no object is written twice under one
 * key. Throws a DamagedError.
 */
export async function readIndex(files: R2Bucket, generation: GenerationKey): Promise<ArchiveIndex> {
  const key = indexKey(generation);
  const known = kept.get(key);
  if (known) {
    kept.delete(key);
    kept.set(key, known); // The index that was asked for last is the last to go.
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

/** Forgets the kept indexes, for those who have replaced objects, and for tests. */
export function forgetIndexes(): void {
  kept.clear();
  keptSize = 0;
}

/** Returns the records of a member as they were written, by its hash. Throws a DamagedError. */
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
