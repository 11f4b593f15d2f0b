import type { Status } from "../model/states";

/** Which tasks a list holds. */
export interface TaskFilter {
  lote?: string;
  /** "OPEN" is every state that is not final. */
  status?: Status | "OPEN";
  subject?: string;
  user?: string;
  module?: string;
  name?: string;
  worker?: string;
  /** Accepted at or after, before; Unix milliseconds. */
  from?: number;
  before?: number;
  /** A task id, here or elsewhere, a lote, a subject, or words of a failure's error. */
  search?: string;
  /** Whether a person gave up on it. */
  discarded?: boolean;
  /** Any of these error codes. */
  codes?: readonly string[];
  /** The gist of its error's message, see error-gist.ts. */
  message?: string;
  /** Just these tasks, at most MAX_SCANNED. */
  ids?: readonly string[];
}

/** By when they were accepted. */
export type Order = "newest" | "oldest";
