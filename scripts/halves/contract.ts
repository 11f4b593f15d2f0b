/** What is said between the run and the Worker that is both versions, test/support/side-by-side.ts. */

export type VersionName = "previous" | "current";

/** The shares of requests and of messages that the current version gets; by class, the objects'. */
export interface Mode {
  requests: number;
  messages: number;
  objects: Record<string, VersionName>;
}

/** A migration's file: D1 takes it whole or not at all. */
export interface Migration {
  name: string;
  queries: string[];
}

export interface Seen {
  /** What no version may do, in words. */
  wrongs: string[];
  /** Requests that were asked to wait for a migration. */
  unmigrated: number;
  /** Parts of files that were uploaded. */
  parts: number;
  served: Record<VersionName, { requests: number; messages: number; objects: number }>;
  /** Of every task: as the statistics have it, and counted anew. */
  counts: unknown[][];
}
