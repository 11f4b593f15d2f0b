/**
 * A single record is looked up by the manifest's row, the index (mostly kept), and one ranged GET.
 */
import { AppError } from "../http/errors";
import { timeOf } from "../lib/ids";
import { mayHold } from "./bloom";
import { dayOf } from "./keys";
import { type Generation, generationsOf } from "./manifest";
import { type Damage, DamagedError, readIndex, readMember } from "./read";
import type { FoundRecord, TaskRecord } from "./record";

export type ArchiveEnv = Pick<Env, "DB" | "FILES">;

/** Members keeps the records of members that one request has read already. */
export class Members {
  readonly #read = new Map<string, Promise<TaskRecord[]>>();

  constructor(readonly files: R2Bucket) {}

  /**
   * Returns the copy of a task that a generation holds; null if it holds none. Throws a
   * DamagedError.
   */
  async copyOf(generation: Generation, id: string): Promise<TaskRecord | null> {
    if (id < generation.first_id || id > generation.last_id) {
      return null;
    }
    const { members } = await readIndex(this.files, generation);
    const member = members.find(({ first_id, last_id }) => first_id <= id && id <= last_id);
    if (!member || !mayHold(member.filters.ids, id)) {
      return null;
    }
    const records = await this.read(generation, member);
    return records.find(({ rows }) => rows.task["id"] === id) ?? null;
  }

  read(generation: Generation, member: Parameters<typeof readMember>[2]): Promise<TaskRecord[]> {
    const key = `${generation.day} ${generation.generation} ${member.offset}`;
    const known = this.#read.get(key) ?? readMember<TaskRecord>(this.files, generation, member);
    this.#read.set(key, known);
    return known;
  }
}

/**
 * Returns the newest archived copy of a task, by its id as it is kept; null if there is none.
 * Throws a DamagedError.
 */
export async function findArchived(env: ArchiveEnv, id: string): Promise<FoundRecord | null> {
  const generations = await generationsOf(env.DB, "tasks", dayOf(timeOf(id)));
  const members = new Members(env.FILES);
  let damage: unknown;
  for (const generation of generations) {
    try {
      const copy = await members.copyOf(generation, id);
      if (copy) {
        return { ...copy, archived_at: generation.created_at };
      }
    } catch (error) {
      if (!(error instanceof DamagedError)) {
        throw error;
      }
      damage ??= error;
    }
  }
  // An older copy may differ from the one that cannot be read, but it is shown. The damage is told
  // only where there is no other copy.
  if (damage) {
    throw damage;
  }
  return null;
}

/** Returns what is looked up. Throws a 410 that names the records which cannot be read. */
export async function orArchiveDamaged<T>(lookup: Promise<T>): Promise<T> {
  try {
    return await lookup;
  } catch (error) {
    if (error instanceof DamagedError) {
      throw new AppError(410, "archive_damaged", error.message, shownDamage(error.damage));
    }
    throw error;
  }
}

/** Returns damage as the API tells it; the ids are null where a whole object is damaged. */
export function shownDamage({ day, generation, ids }: Damage) {
  return { day, generation, first_id: ids?.[0] ?? null, last_id: ids?.[1] ?? null };
}
