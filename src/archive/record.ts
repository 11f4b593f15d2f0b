/** KeptRow is a row as D1 had it, by the names of its columns. */
export type KeptRow = Record<string, string | number | null>;

/**
 * TaskRecord is a line of the archive: a task with the order that it stored. `task` and `order` are
 * what the API answered when they were archived, for whoever reads the object without this system.
 * `rows` are the rows of D1, from which this system answers, and which it puts back.
 */
export interface TaskRecord {
  task: { id: string };
  order: object | null;
  rows: { task: KeptRow; order: KeptRow | null };
  /**
   * The ROW_VERSION of the task's row, which tells whether the row in D1 is still the archived one.
   */
  version: string;
}

/** A record, and when it was archived where that is known. */
export interface FoundRecord extends TaskRecord {
  archived_at?: number;
}
