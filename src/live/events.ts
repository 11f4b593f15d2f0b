/**
 * This file defines what travels from the publisher over the hub to the sockets, and who gets what
 * of it.
 */
import { storedForms } from "../caller";
import { nameMatcher } from "../lib/fold";
import { batchIdOf } from "../lib/ids";
import { isFinal } from "../tasks/model/states";
import type { TaskChange } from "../tasks/model/publish";

/** A LiveFilter says which tasks a socket follows; an empty one follows all. */
export interface LiveFilter {
  /** `user` is "user:ID", "key:ID" or the bare id. */
  user?: string;
  module?: string;
  lote?: string;
  task?: string;
}

/** A Row is a task as sockets get it: without its requester, which a signed link must not tell. */
export type Row = Omit<TaskChange, "user">;

/**
 * A LiveMessage goes to a socket. A client that remembers the last `(epoch, seq)` can catch up
 * later.
 */
export interface LiveMessage {
  epoch: string;
  seq: number;
  /** `rows` has the latest state of each changed task, at most MAX_ROWS. */
  rows?: Row[];
  /** `counts` has the changes by state, including those left out of `rows`. */
  counts?: Record<string, number>;
  /**
   * `refetch` means that more changed than `rows` tells, or may have been missed, so the list must
   * be read again.
   */
  refetch?: true;
  /**
   * `settle`, in the first message, is for how many milliseconds events may be missed; the list
   * must be read again after them.
   */
  settle?: number;
}

export const MAX_ROWS = 100;

/**
 * The parts of the filter that are the same for every change are computed once, outside the
 * returned test.
 */
function matcherOf({ user, module, lote, task }: LiveFilter): (change: TaskChange) => boolean {
  const users = user === undefined ? undefined : storedForms(user);
  const isAsked = nameMatcher(module);
  return (change) =>
    (task === undefined || change.id === task) &&
    (lote === undefined || batchIdOf(change.id) === lote) &&
    isAsked(change.module) &&
    (users === undefined || (change.user !== null && users.includes(change.user)));
}

/** Adds changes to a map that keeps the latest change of each task. */
export function mergeInto(latest: Map<string, TaskChange>, changes: readonly TaskChange[]): void {
  for (const change of changes) {
    const known = latest.get(change.id);
    if (known === undefined || isNewer(change, known)) {
      latest.set(change.id, change);
    }
  }
}

/** Publishes may overtake each other. Within one millisecond a task's final state is its latest. */
function isNewer(change: TaskChange, known: TaskChange): boolean {
  return change.at > known.at || (change.at === known.at && !isFinal(known.status));
}

/**
 * Returns the message body for the changes that a filter lets through; null when there are none.
 */
export function select(
  changes: Iterable<TaskChange>,
  filter: LiveFilter,
): Pick<LiveMessage, "rows" | "counts" | "refetch"> | null {
  const matches = matcherOf(filter);
  const rows: Row[] = [];
  const counts: Record<string, number> = {};
  let found = 0;
  for (const change of changes) {
    if (matches(change)) {
      found += 1;
      counts[change.status] = (counts[change.status] ?? 0) + 1;
      if (rows.length < MAX_ROWS) {
        const { user: _, ...row } = change;
        rows.push(row);
      }
    }
  }
  if (found === 0) {
    return null;
  }
  return found > rows.length ? { rows, counts, refetch: true } : { rows, counts };
}
