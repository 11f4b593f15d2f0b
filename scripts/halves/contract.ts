/**
 * The run and the Worker that is both versions, test/support/side-by-side.ts, talk in these terms.
 */

export type VersionName = "previous" | "current";

/**
 * The current version gets these shares of requests and messages; each class of objects has its
 * version.
 */
export interface Mode {
  requests: number;
  messages: number;
  objects: Record<string, VersionName>;
}

/** D1 takes the file of a migration whole or not at all. */
export interface Migration {
  name: string;
  queries: string[];
}

export interface Seen {
  /** Each line says in words what a version did and must not do. */
  wrongs: string[];
  /** The number of requests that were asked to wait for a migration. */
  unmigrated: number;
  /** The number of uploaded parts of files. */
  parts: number;
  served: Record<VersionName, { requests: number; messages: number; objects: number }>;
  /** The counts of all tasks, each twice: as the statistics have it, and anew. */
  counts: unknown[][];
}
