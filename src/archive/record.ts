/** A row as D1 had it, by the names of its columns. */
export type KeptRow = Record<string, string | number | null>;

/**
 * A line of the archive: a task with the order it stored. `task` and `order` are what the API
 * answered of them when they were archived, for whoever reads the object without this system; `rows`
 * are the rows, from which this system answers, and which it puts back.
 */
export interface TaskRecord {
  task: { id: string };
  order: object | null;
  rows: { task: KeptRow; order: KeptRow | null };
  /** Tells whether the task's row in D1 is still the one that was archived. */
  version: string;
}

/** A record, and when it was archived where that is known. */
export interface FoundRecord extends TaskRecord {
  archived_at?: number;
}
