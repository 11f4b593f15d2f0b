/** What travels from the publisher over the hub to the sockets, and who gets what of it. */
import { storedForms } from "../caller";
import { nameMatcher } from "../lib/fold";
import { batchIdOf } from "../lib/ids";
import { isFinal } from "../tasks/model/states";
import type { TaskChange } from "../tasks/model/publish";

/** Which tasks a socket is about; an empty filter is about all. */
export interface LiveFilter {
  /** "user:ID", "key:ID" or the bare id. */
  user?: string;
  module?: string;
  lote?: string;
  task?: string;
}

/** A task as sockets get it: without who asked for it, which a signed link must not tell. */
export type Row = Omit<TaskChange, "user">;

/** A message to a socket. The last `(epoch, seq)` a client has seen lets it catch up later. */
export interface LiveMessage {
  epoch: string;
  seq: number;
  /** The latest state of each task that changed, at most MAX_ROWS. */
  rows?: Row[];
  /** Changes by state, those left out of `rows` included. */
  counts?: Record<string, number>;
  /** More changed than `rows` tells, or may have been missed: read the list again. */
  refetch?: true;
  /** In the first message: events may be missed for so many milliseconds; read again after them. */
  settle?: number;
}

export const MAX_ROWS = 100;

/** What of a filter is the same for every change is made ready once. */
function matcherOf({ user, module, lote, task }: LiveFilter): (change: TaskChange) => boolean {
  const users = user === undefined ? undefined : storedForms(user);
  const isAsked = nameMatcher(module);
  return (change) =>
    (task === undefined || change.id === task) &&
    (lote === undefined || batchIdOf(change.id) === lote) &&
    isAsked(change.module) &&
    (users === undefined || (change.user !== null && users.includes(change.user)));
}

/** Keeps the latest change of each task. */
export function mergeInto(latest: Map<string, TaskChange>, changes: readonly TaskChange[]): void {
  for (const change of changes) {
    const known = latest.get(change.id);
    if (known === undefined || isNewer(change, known)) {
      latest.set(change.id, change);
    }
  }
}

/** Calls may overtake each other; within a millisecond the end of a task is its latest state. */
function isNewer(change: TaskChange, known: TaskChange): boolean {
  return change.at > known.at || (change.at === known.at && !isFinal(known.status));
}

/** What of the changes a filter lets through, as the body of a message; null for nothing. */
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
