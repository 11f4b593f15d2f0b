import type { Sql } from "../../db/sql";
import type { ZodType } from "zod";
import type { Role } from "../../caller";
import type { Chance, Clock } from "../../lib/clock";
import type { BackoffPolicy } from "./backoff";
// A task may act on others, whatever their types: it is handed what holds them all.
import type { Engine } from "./engine";
import type { Notify } from "./notify";
import type { StoredStatus } from "./states";
import type { TimelineEvent } from "./timeline";

/** Why a task did not succeed: a stable code, words for people, and what a program may want. */
export interface FailureReason {
  code: string;
  message: string;
  detail?: Record<string, unknown>;
  /** Where in the code it was thrown. */
  traceback?: string | undefined;
}

/** How one run of a task ended. */
export type Outcome = { stages?: TimelineEvent[] } & (
  | { kind: "done"; result?: unknown }
  /** Permanent: trying again cannot help. */
  | { kind: "reject"; reason: FailureReason }
  /** Transient: uses up an attempt. A `checkpoint` here and below replaces the one before. */
  | { kind: "retry"; reason: FailureReason; checkpoint?: unknown }
  /** Not this task's fault: the attempt is given back. Without a delay it grows from wait to wait. */
  | { kind: "defer"; reason: FailureReason; delayMs?: number | undefined; checkpoint?: unknown }
  /** A long task's slice ended: the next one starts from `checkpoint`, no attempt used. */
  | { kind: "continue"; checkpoint: unknown }
);

/** A claimed task, as its handler sees it. */
export interface Task<Input> {
  id: string;
  name: string;
  subject: string | null;
  /** Who asked for it: "user:ID" or "key:ID". */
  user: string | null;
  input: Input;
  /** 1 for the first. */
  attempt: number;
  deferrals: number;
  createdAt: number;
  /** When its first run began, this one included. Unix milliseconds. */
  startedAt: number;
  checkpoint: unknown;
}

/** A task of a handler that runs it alone: see running-task.ts. */
export interface RunningTask<Input> extends Task<Input> {
  /** The token of the lease that holds it, for writes of its own that are to be fenced by that. */
  lease: string;
  /**
   * Says how far the task is: percent from 0 to 100, what it does now, of how many steps. Call it as
   * often as you like: it is saved at most once a second, less often later, and when the run ends. Throws a
   * NotHeldError when the task is no longer this run's.
   */
  progress(percent: number, step?: string, totalSteps?: number): Promise<void>;
  /**
   * Runs a step once in the task's life: a retry, or the next slice, gets the result it had. The
   * result must fit JSON, at most 64,000 characters, of all steps 500,000; a name has 1 to 64 letters, digits, spaces or
   * _.:- characters. Throws a NotHeldError when the task is no longer this run's.
   */
  step<Result>(name: string, run: () => Promise<Result>): Promise<Result>;
  /**
   * Keeps where to go on from, in place of the checkpoint before: a retry, also after a crash,
   * finds it as `checkpoint`; null begins anew. For long walks, whose steps would pile up. At most
   * 1,000,000 bytes of JSON. Throws a NotHeldError when the task is no longer this run's.
   */
  saveCheckpoint(checkpoint: unknown): Promise<void>;
}

/** What all runs of a lease have around them. */
export interface LeaseContext {
  env: Env;
  engine: Engine;
  worker: string;
  /** Until when the lease holds if nobody extends it; Unix milliseconds. */
  leaseExpiresAt: number;
  clock: Clock;
  chance: Chance;
}

export interface RunContext extends LeaseContext {
  /** Fires at the task's timeout, and within six seconds of its cancellation. */
  signal: AbortSignal;
}

/** What D1 says of a task after its batch was settled. */
export interface Settlement {
  id: string;
  subject: string | null;
  status: StoredStatus;
  errorCode: string | null;
  errorDetail: Record<string, unknown> | null;
}

type CommitSql = Sql<"rows"> | Sql<"token" | "rows">;

/**
 * Rows a task writes in the very transaction that makes it SUCCESS.
 * `insert` are statements over the JSON array `:rows`, with the lease's token as `:token`; each must take only rows whose task is in `HELD` (leases.ts) and must not fail on a repeat.
 * `conflict` is an SQL expression over the task row `t`: NULL when its own rows are stored, else a
 * JSON object {code, message, detail} that makes it FAILURE.
 */
export interface Commit<Stored> {
  insert: readonly CommitSql[];
  /** Statements to run before, bound likewise, where the rows need it. */
  before?(rows: readonly unknown[]): readonly CommitSql[];
  conflict: string;
  row(stored: Stored, taskId: string): unknown;
}

interface Base<Input> {
  /** Unique, "module.verb". */
  name: string;
  module: string;
  description: string;
  /** The queue whose producer binding is QUEUE_<NAME>. */
  queue: string;
  /**
   * What callers may send; the handler sees what it makes of that. A number that JavaScript would
   * round is no number to it, but a RawNumber (lib/exact-json.ts).
   */
  input: ZodType<Input>;
  /** What the first run would say at once of an input, as JSON text, to those about to send it. */
  check?(text: string): FailureReason | null;
  /** One such input, for people to begin with. */
  example?: unknown;
  /**
   * How an input, given as JSON text, is kept; by default as it is, about no business entity. With
   * this, the handler gets every number as sent, to name it so.
   */
  prepare?(text: string): NewTask;
  retry(env: Env): BackoffPolicy & { attempts: number };
  /** How `defer` without a delay waits. */
  deferral: BackoffPolicy;
  /** How long a run may take: at most 14 minutes (timeout.ts), as its consumer lives no longer. */
  timeoutMs: number;
  /** When whoever started it is told, unless a template says otherwise. */
  notify?: Notify;
  /** Least role that may start it through the API; null for internal tasks. */
  startedBy: Role | null;
  /**
   * Its stages that only compute: the platform's clock stands still meanwhile, so their events tell
   * an order and no time.
   */
  computes?: readonly string[];
  /** Called after settle and acks; may be lost, so nothing may depend on it. */
  settled?(settlements: Settlement[], context: RunContext): Promise<void>;
}

/** A task whose handler runs one at a time. */
export interface SingleTask<Input = unknown> extends Base<Input> {
  kind: "single";
  run(task: RunningTask<Input>, context: RunContext): Promise<Outcome>;
  /**
   * Undoes effects outside D1 of a task that was cancelled (an export aborts the upload named in
   * its checkpoint). Called when it is cancelled, and again when a run of it has noticed: it must
   * bear both.
   */
  onRevoke?(task: Task<Input>, env: Env): Promise<void>;
}

/** A task to be stored. */
export interface NewTask {
  /** JSON text of the input, at most as large as a row may be. */
  input: string;
  /** Key of the business entity it is about. */
  subject: string | null;
  /** Why it cannot run at all: it is stored as failed, and never sent. */
  failure?: FailureReason;
}

/** `passed` tells who watches a small batch which stages its tasks have behind them. */
export type BatchContext = RunContext & {
  passed: (stages: ReadonlyMap<string, readonly TimelineEvent[]>) => void;
};

/** A task whose handler runs many at a time, for throughput. */
export interface BatchTask<Input = unknown, Stored = unknown> extends Base<Input> {
  kind: "batch";
  /** Outcomes by task id; `stored` holds what `commit` writes for those that are done. */
  runBatch(tasks: Task<Input>[], context: BatchContext): Promise<BatchResult<Stored>>;
  commit?: Commit<Stored>;
}

export interface BatchResult<Stored> {
  outcomes: Map<string, Outcome>;
  stored: Map<string, Stored>;
}

export type TaskDefinition<Input = unknown, Stored = unknown> =
  | SingleTask<Input>
  | BatchTask<Input, Stored>;
