import type { Status } from "../model/states";

/** TaskFilter says which tasks a list holds. */
export interface TaskFilter {
  /** The batch id, under the name that bulk actions and exports keep in their input. */
  lote?: string;
  /** The state; "OPEN" is every state that is not final. */
  status?: Status | "OPEN";
  subject?: string;
  user?: string;
  module?: string;
  name?: string;
  worker?: string;
  /**
   * The earliest time of acceptance; `before` is the end, itself excluded. In Unix milliseconds.
   */
  from?: number;
  before?: number;
  /** A task's id or external id, a batch id, a subject, or words of a failure's error. */
  search?: string;
  /** Whether a person gave up on it. */
  discarded?: boolean;
  /** The error codes, any of which matches. */
  codes?: readonly string[];
  /** The gist of the error's message, see error-gist.ts. */
  message?: string;
  /** The only tasks asked for, at most MAX_SCANNED. */
  ids?: readonly string[];
}

/** A WholeTaskFilter has every field, if only undefined, so that forgetting one fails the type check. */
export type WholeTaskFilter = { [Name in keyof Required<TaskFilter>]: TaskFilter[Name] };

/** Order is by the time of acceptance. */
export type Order = "newest" | "oldest";
