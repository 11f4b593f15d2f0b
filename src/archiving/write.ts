/**
 * An object of the archive is written member by member, each of about 500 records, in order of id.
 */
import { gzipLines } from "../archive/member";
import { fitting } from "../http/paging";
import { sha256Hex } from "../lib/hex";
import type { Engine } from "../tasks/model/engine";
import { type Due, nextEnded } from "./due";
import { recordsOf } from "./records";

const RECORDS_PER_MEMBER = 500;
/** A member with large tasks holds fewer, as a reader has a whole member in memory. */
const MEMBER_BYTES = 4_000_000;
/** This much is read from D1 at a time. */
const READ_BYTES = 1_000_000;

/** MemberPlace says where a member is in its object, and what its bytes are. */
export interface MemberPlace {
  offset: number;
  length: number;
  sha256: string;
}

/**
 * Makes the next member of what is due, and returns it with its last id; null when there is no
 * more.
 */
export async function nextMember(
  db: D1Database,
  due: Due,
  engine: Engine,
  offset: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; place: MemberPlace; last: string } | null> {
  const ended = await nextEnded(db, due, RECORDS_PER_MEMBER);
  const lines: string[] = [];
  let rest = ended.slice(0, fitting(ended, MEMBER_BYTES));
  const last = rest.at(-1)?.id;
  while (rest.length > 0) {
    const some = rest.slice(0, fitting(rest, READ_BYTES));
    rest = rest.slice(some.length);
    const records = await recordsOf(
      db,
      some.map(({ id }) => id),
      engine,
    );
    lines.push(...records.map((record) => JSON.stringify(record)));
  }
  if (last === undefined || lines.length === 0) {
    return null;
  }
  const bytes = await gzipLines(lines);
  return { bytes, place: { offset, length: bytes.length, sha256: await sha256Hex(bytes) }, last };
}
