/**
 * A walk makes a page of archived tasks in the order of a list. It reads members one by one, from
 * the end of the list that is asked for, until the page is full. It also ends after so many
 * members: then the page is short and says where to go on. It leaves out tasks that are in D1
 * (again, or still), and shows the newest of several copies.
 */
import { sql } from "../db/sql";
import { idBeside } from "../lib/ids";
import { type ArchiveEnv, Members } from "./find";
import type { Member } from "./index-file";
import { allGenerations, type Generation } from "./manifest";
import { type Damage, DamagedError, readIndex } from "./read";
import type { TaskRecord } from "./record";

/** Place is a place in a list: [task id], or [processed at, order id]. */
export type Place = readonly (string | number)[];

/**
 * ArchiveOrder is by task id, or, for tasks with an order only, by when the order was processed and
 * its id.
 */
type ArchiveOrder = "id" | "processed";

export interface ArchiveWalk {
  order: ArchiveOrder;
  isUpwards: boolean;
  /** The place behind which to begin; null for the first page. */
  after: Place | null;
  /** The bounds of the first part of a place: `from` is included, `before` is not. */
  from?: string | number;
  before?: string | number;
  /** Tells whether a member may hold what is looked for; if not, it is not read. */
  mayHold(member: Member): boolean;
  matches(record: TaskRecord): boolean;
  limit: number;
}

export interface ArchivePage {
  /** The records in the order of the list: `limit`, or somewhat more. */
  records: TaskRecord[];
  /**
   * The place up to which all records were looked at, and behind which there may be more; null if
   * there are no more.
   */
  end: Place | null;
  /** What could not be read, and is left out. */
  damage: Damage[];
}

/** A page reads this many members and indexes at most. */
const MAX_MEMBERS = 12;
const MAX_INDEXES = 40;

/** Ahead is a generation, or a member of one, that the walk has still to read. */
interface Ahead {
  generation: Generation;
  member: Member | null;
  /** The place that none of its records comes before. */
  near: Place;
}

interface Found {
  record: TaskRecord;
  place: Place;
  generation: Generation;
}

export async function walkArchive(env: ArchiveEnv, walk: ArchiveWalk): Promise<ArchivePage> {
  const { isUpwards, limit } = walk;
  const compare = isUpwards ? comparePlaces : (a: Place, b: Place) => comparePlaces(b, a);
  const generations = await allGenerations(env.DB, "tasks");
  const ahead = generations.flatMap((generation) => aheadOf(walk, compare, generation, null));
  const members = new Members(env.FILES);
  const damage: Damage[] = [];
  const found: Found[] = [];
  const left = { members: MAX_MEMBERS, indexes: MAX_INDEXES };
  let end: Place | null = null;
  while (ahead.length > 0) {
    ahead.sort((a, b) => compare(a.near, b.near));
    const [next] = ahead;
    if (!next) {
      break;
    }
    const certain = found.filter(({ place }) => compare(place, next.near) < 0).length;
    const isSpent = left[next.member ? "members" : "indexes"]-- <= 0;
    const stop = justBefore(next.near, walk);
    // Members that overlap where the walk began are all read: else it would end where it began.
    if (certain >= limit || (isSpent && (!walk.after || compare(stop, walk.after) > 0))) {
      end = stop;
      break;
    }
    ahead.shift();
    try {
      const { generation, member } = next;
      if (member === null) {
        const index = await readIndex(env.FILES, generation);
        const may = index.members.filter((each) => walk.mayHold(each));
        ahead.push(...may.flatMap((each) => aheadOf(walk, compare, generation, each)));
      } else {
        for (const record of await members.read(generation, member)) {
          const place = placeOf(walk, record);
          if (place && isWithin(walk, compare, place) && walk.matches(record)) {
            found.push({ record, place, generation });
          }
        }
      }
    } catch (error) {
      if (!(error instanceof DamagedError)) {
        throw error;
      }
      damage.push(error.damage);
    }
  }
  const sorted = found
    .filter(({ place }) => end === null || compare(place, end) <= 0)
    .toSorted((a, b) => compare(a.place, b.place));
  const shown = await newest(env, members, generations, sorted);
  return { records: shown.map(({ record }) => record), end, damage };
}

/** Returns what is the newest copy of its task, and is of a task that is not in D1. */
async function newest(
  env: ArchiveEnv,
  members: Members,
  generations: readonly Generation[],
  found: readonly Found[],
): Promise<Found[]> {
  if (found.length === 0) {
    return [];
  }
  const inD1 = await tasksInD1(
    env.DB,
    found.map(({ record }) => record.task.id),
  );
  const kept: Found[] = [];
  for (const each of found) {
    const { id } = each.record.task;
    if (!inD1.has(id) && !(await hasLaterCopy(members, generations, each, id))) {
      kept.push(each);
    }
  }
  return kept;
}

async function hasLaterCopy(
  members: Members,
  generations: readonly Generation[],
  { generation }: Found,
  id: string,
): Promise<boolean> {
  const later = generations.filter(
    (each) => each.day === generation.day && each.generation > generation.generation,
  );
  for (const each of later) {
    try {
      if (await members.copyOf(each, id)) {
        return true;
      }
    } catch (error) {
      if (!(error instanceof DamagedError)) {
        throw error;
      }
    }
  }
  return false;
}

const IN_D1 = sql("SELECT t.id FROM json_each(:ids) m JOIN tasks t ON t.id = m.value");

async function tasksInD1(db: D1Database, ids: readonly string[]): Promise<Set<string>> {
  const { results } = await IN_D1.on(db, { ids: JSON.stringify(ids) }).all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}

type Compare = (a: Place, b: Place) => number;

/** Returns what is still to be walked of a generation or a member. */
function aheadOf(
  walk: ArchiveWalk,
  compare: Compare,
  generation: Generation,
  member: Member | null,
): Ahead[] {
  const { first_id, last_id, first_processed_at, last_processed_at } = member ?? generation;
  const [first, last]: [Place, Place] | [null, null] =
    walk.order === "id"
      ? [[first_id], [last_id]]
      : first_processed_at === null || last_processed_at === null
        ? [null, null]
        : [
            [first_processed_at, ""],
            [last_processed_at, LAST_TEXT],
          ];
  if (
    first === null ||
    (walk.from !== undefined && comparePlaces(last, [walk.from]) < 0) ||
    (walk.before !== undefined && comparePlaces(first, [walk.before]) >= 0)
  ) {
    return [];
  }
  const [near, far] = walk.isUpwards ? [first, last] : [last, first];
  if (walk.after && compare(far, walk.after) <= 0) {
    return [];
  }
  return [{ generation, member, near }];
}

/** This text sorts after every id of an order. */
const LAST_TEXT = "\u{10FFFF}";

function placeOf({ order }: ArchiveWalk, { rows }: TaskRecord): Place | null {
  if (order === "id") {
    return [String(rows.task["id"])];
  }
  return rows.order && [Number(rows.order["processed_at"]), String(rows.order["id"])];
}

function isWithin({ after, from, before }: ArchiveWalk, compare: Compare, place: Place): boolean {
  return (
    (after === null || compare(place, after) > 0) &&
    (from === undefined || comparePlaces(place, [from]) >= 0) &&
    (before === undefined || comparePlaces(place, [before]) < 0)
  );
}

/** Returns a place behind which a walk meets all that begins at `near`. */
function justBefore(near: Place, { order, isUpwards }: ArchiveWalk): Place {
  const [first] = near;
  if (order === "id") {
    return [idBeside(String(first), isUpwards ? -1 : 1)];
  }
  return isUpwards ? [Number(first) - 1, LAST_TEXT] : [Number(first), LAST_TEXT];
}

/** Compares places. A shorter place comes before every place that begins with it. */
export function comparePlaces(a: Place, b: Place): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) {
      return 1;
    }
    if (part !== other) {
      return part < other ? -1 : 1;
    }
  }
  return a.length - b.length;
}
