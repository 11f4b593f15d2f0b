import type { Sql } from "../../db/sql";
import type { ZodType } from "zod";
import type { Role } from "../../caller";
import type { Chance, Clock } from "../../lib/clock";
import type { BackoffPolicy } from "./backoff";
// Tasks may act on others of any type, so a run is handed the engine that knows all types.
import type { Engine } from "./engine";
import type { Notify } from "./notify";
import type { StoredStatus } from "./states";
import type { TimelineEvent } from "./timeline";

/** FailureReason is a stable code, a message for people, and details for programs. */
export interface FailureReason {
  code: string;
  message: string;
  detail?: Record<string, unknown>;
  /** The stack trace of what was thrown. */
  traceback?: string | undefined;
}

/** Outcome says how one run of a task ended. */
export type Outcome = { stages?: TimelineEvent[] } & (
  | { kind: "done"; result?: unknown }
  /** "reject" is permanent: trying again cannot help. */
  | { kind: "reject"; reason: FailureReason }
  /** "retry" is transient, and uses up an attempt. A `checkpoint` replaces the stored one. */
  | { kind: "retry"; reason: FailureReason; checkpoint?: unknown }
  /**
   * "defer" uses no attempt, as the task is not to blame. Without `delayMs` each wait is longer.
   */
  | { kind: "defer"; reason: FailureReason; delayMs?: number | undefined; checkpoint?: unknown }
  /** "continue" ends a long task's slice; the next starts from `checkpoint` and uses no attempt. */
  | { kind: "continue"; checkpoint: unknown }
);

/** Task is a claimed task, as its handler sees it. */
export interface Task<Input> {
  id: string;
  name: string;
  subject: string | null;
  /** The caller who asked for it: "user:ID" or "key:ID". */
  user: string | null;
  input: Input;
  /** The first attempt is 1. */
  attempt: number;
  deferrals: number;
  createdAt: number;
  /** The start of its first run, which may be this one, in Unix milliseconds. */
  startedAt: number;
  checkpoint: unknown;
}

/** RunningTask is a task whose handler runs it alone: see running-task.ts. */
export interface RunningTask<Input> extends Task<Input> {
  /** The token of the lease that holds it, which fences the handler's own writes. */
  lease: string;
  /**
   * Reports how far the task is: percent from 0 to 100, the current step, the number of steps. It may
   * be called often, as it is saved at most once a second, and when the run ends. Throws a
   * NotHeldError when the task is no longer this run's.
   */
  progress(percent: number, step?: string, totalSteps?: number): Promise<void>;
  /**
   * Runs a step once in the task's life: a retry, or the next slice, gets the stored result. A name
   * has 1 to 64 letters, digits, spaces or _.:- characters. A result is JSON of at most 64,000
   * characters, all of a task 500,000 bytes. Throws a NotHeldError when the task is no longer held.
   */
  step<Result>(name: string, run: () => Promise<Result>): Promise<Result>;
  /**
   * Replaces the checkpoint, at most 1,000,000 bytes of JSON; null begins anew. A retry finds it as
   * `checkpoint`, also after a crash. It suits long walks, whose steps would pile up. Throws a
   * NotHeldError when the task is no longer this run's.
   */
  saveCheckpoint(checkpoint: unknown): Promise<void>;
}

/** LeaseContext is what all runs of a lease share. */
export interface LeaseContext {
  env: Env;
  engine: Engine;
  worker: string;
  /** The end of the lease unless it is extended, in Unix milliseconds. */
  leaseExpiresAt: number;
  clock: Clock;
  chance: Chance;
}

export interface RunContext extends LeaseContext {
  /** The signal fires at the task's timeout, and within six seconds of its cancellation. */
  signal: AbortSignal;
}

/** Settlement is what D1 says of a task after its batch was settled. */
export interface Settlement {
  id: string;
  subject: string | null;
  status: StoredStatus;
  errorCode: string | null;
  errorDetail: Record<string, unknown> | null;
}

type CommitSql = Sql<"rows"> | Sql<"token" | "rows">;

/** Commit describes rows that a task writes in the very transaction that makes it SUCCESS. */
export interface Commit<Stored> {
  /**
   * Statements over the JSON array `:rows`, with the lease's `:token`. Each must take only rows
   * whose task is in `HELD` (leases.ts), and must not fail on a repeat.
   */
  insert: readonly CommitSql[];
  /** Makes statements that run before `insert`, with the same parameters. */
  before?(rows: readonly unknown[]): readonly CommitSql[];
  /**
   * SQL over the task row `t`: NULL when its own rows are stored, else a JSON object {code,
   * message, detail} that makes it FAILURE.
   */
  conflict: string;
  row(stored: Stored, taskId: string): unknown;
}

interface Base<Input> {
  /** The name is unique: "module.verb". */
  name: string;
  module: string;
  description: string;
  /** The queue's producer binding is QUEUE_<NAME>. */
  queue: string;
  /**
   * The schema of what callers may send; the handler gets its output. A number that JavaScript
   * would round comes as a RawNumber (lib/exact-json.ts).
   */
  input: ZodType<Input>;
  /** Says why the first run would reject an input, given as JSON text, before anybody sends it. */
  check?(text: string): FailureReason | null;
  /** The example is an input for people to begin with. */
  example?: unknown;
  /**
   * Makes the task to be stored from an input's JSON text. Without it, the text is kept as it is,
   * with no subject. With it, the handler gets every number as it was sent.
   */
  prepare?(text: string): NewTask;
  retry(env: Env): BackoffPolicy & { attempts: number };
  /** The waits after a "defer" without a delay. */
  deferral: BackoffPolicy;
  /**
   * The longest that a run may take: at most 14 minutes (timeout.ts), as a consumer lives for 15.
   */
  timeoutMs: number;
  /** The notifications of whoever started it, unless a template says otherwise. */
  notify?: Notify;
  /** The least role that may start it through the API; null for internal tasks. */
  startedBy: Role | null;
  /** The stages that only compute: the platform's clock stands still, so they tell no time. */
  computes?: readonly string[];
  /** Is called after settle and acks. A call may be lost, so nothing may depend on it. */
  settled?(settlements: Settlement[], context: RunContext): Promise<void>;
}

/** SingleTask is a type whose handler runs one task at a time. */
export interface SingleTask<Input = unknown> extends Base<Input> {
  kind: "single";
  run(task: RunningTask<Input>, context: RunContext): Promise<Outcome>;
  /**
   * Undoes a cancelled task's effects outside D1, such as the upload of an export. It is called on
   * the cancellation, and again when a run has noticed it, so it must be safe to repeat.
   */
  onRevoke?(task: Task<Input>, env: Env): Promise<void>;
}

/** NewTask is a task about to be stored. */
export interface NewTask {
  /** The input as JSON text, at most as large as a row may be. */
  input: string;
  /** The key of the business entity it is about. */
  subject: string | null;
  /** The reason why it cannot run at all: it is stored as failed, and never sent. */
  failure?: FailureReason;
}

/** BatchContext has `passed`, which tells watchers of a small batch which stages are done. */
type BatchContext = RunContext & {
  passed: (stages: ReadonlyMap<string, readonly TimelineEvent[]>) => void;
};

/** BatchTask is a type whose handler runs many tasks at a time, for throughput. */
export interface BatchTask<Input = unknown, Stored = unknown> extends Base<Input> {
  kind: "batch";
  /** Returns outcomes by task id; `stored` holds what `commit` writes for those that are done. */
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
