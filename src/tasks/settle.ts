import { inChunks } from "../db/chunks";
import { retryD1 } from "../db/retry";
import { backoff, MAX_MESSAGE_WAIT_MS } from "./backoff";
import type { ClaimedRow } from "./claim";
import { countEndsSql } from "./counts";
import type { Commit, Outcome, Reason, TaskDefinition } from "./define";
import { deleteLease, HELD } from "./leases";
import { notifyEndsSql } from "./notify";
import { OPEN, type StoredStatus } from "./states";
import { extendTimeline, type TimelineEvent } from "./timeline";

/** How long a sent message may take before recovery wonders where it is. */
export const SENT_GRACE_MS = 30_000;
const MAX_RESULT_CHARACTERS = 64_000;

/** What a row becomes if the lease still holds it; member names are those of SETTLE. */
export interface Change {
  id: string;
  status: StoredStatus;
  attempts: number;
  deferrals: number;
  suspect: 0 | 1;
  ready_at: number;
  /** Whether the message at hand comes back for it; if not, recovery or `continue` sends one. */
  sent: "kept" | "none" | "new";
  check_at: number;
  started_at: number;
  finished_at: number | null;
  result: unknown;
  code: string | null;
  message: string | null;
  detail: Record<string, unknown> | null;
  timeline: TimelineEvent[];
  checkpoint: unknown;
}

/** The truth after settling, as D1 tells it. */
export interface SettledRow {
  id: string;
  subject: string | null;
  status: StoredStatus;
  ready_at: number;
  sent_at: number | null;
  attempts: number;
  error_code: string | null;
  error_message: string | null;
  error_detail: string | null;
}

export interface Run {
  row: ClaimedRow;
  definition: TaskDefinition | undefined;
  outcome: Outcome | "suspect";
  startedAt: number;
  worker: string;
}

/** Decides, in the one place that does, what an outcome makes of a task. */
export function change(run: Run, env: Env, now: number, random: number): Change {
  const { row, outcome, definition } = run;
  const base: Change = {
    id: row.id,
    status: "RETRY",
    attempts: row.attempts,
    deferrals: 0,
    suspect: 0,
    ready_at: now,
    sent: "kept",
    check_at: now + SENT_GRACE_MS,
    started_at: row.started_at ?? run.startedAt,
    finished_at: null,
    result: null,
    code: null,
    message: null,
    detail: null,
    timeline: [],
    checkpoint: row.checkpoint === null ? null : (JSON.parse(row.checkpoint) as unknown),
  };
  const stages = outcome === "suspect" ? [] : (outcome.stages ?? []);
  const started = { at: run.startedAt, event: "started", worker: run.worker };
  const ended = (event?: TimelineEvent) =>
    extendTimeline(row.timeline, [started, ...stages, ...(event ? [event] : [])]);
  const final = (status: "SUCCESS" | "FAILURE", reason?: Reason): Change => ({
    ...base,
    status,
    attempts: row.attempts + 1,
    finished_at: now,
    timeline: ended(),
    ...(status === "SUCCESS" ? { checkpoint: null } : {}),
    ...reasonColumns(reason),
  });
  const wait = (event: string, ms: number, reason: Reason, counted: Partial<Change>): Change => ({
    ...base,
    ...counted,
    ready_at: now + ms,
    ...(ms > MAX_MESSAGE_WAIT_MS
      ? { sent: "none" as const, check_at: now + ms }
      : { check_at: now + ms + SENT_GRACE_MS }),
    timeline: ended({ at: now, event, code: reason.code, until: now + ms }),
    ...reasonColumns(reason),
  });

  if (outcome === "suspect") {
    const reason = { code: "batch_crashed", message: "The batch it ran in crashed; it runs alone" };
    return { ...wait("suspected", 0, reason, { deferrals: row.deferrals }), suspect: 1 };
  }
  switch (outcome.kind) {
    case "done": {
      const result = outcome.result ?? null;
      const size = JSON.stringify(result).length;
      if (size > MAX_RESULT_CHARACTERS) {
        const message = `The result has ${size} characters; at most ${MAX_RESULT_CHARACTERS} are kept`;
        return final("FAILURE", { code: "result_too_large", message });
      }
      return { ...final("SUCCESS"), result };
    }
    case "reject":
      return final("FAILURE", outcome.reason);
    case "retry": {
      const attempts = row.attempts + 1;
      if (attempts >= row.max_attempts || !definition) {
        return final("FAILURE", outcome.reason);
      }
      const ms = backoff(definition.retry(env), attempts, random);
      return wait("retry", ms, outcome.reason, { attempts });
    }
    case "defer": {
      const deferrals = row.deferrals + 1;
      const policy = definition?.deferral ?? { baseMs: 10_000, maxMs: 300_000 };
      const ms = outcome.delayMs ?? backoff(policy, deferrals, random);
      return wait("defer", ms, outcome.reason, { deferrals });
    }
    case "continue":
      return {
        ...base,
        status: "PENDING",
        sent: "new",
        checkpoint: outcome.checkpoint,
        timeline: ended({ at: now, event: "continue" }),
      };
    default:
      return outcome satisfies never;
  }
}

function reasonColumns(reason?: Reason): Pick<Change, "code" | "message" | "detail"> {
  return {
    code: reason?.code ?? null,
    message: reason?.message.slice(0, 500).toWellFormed() ?? null,
    detail: reason?.detail ?? null,
  };
}

// `+tasks.id` keeps the planner from starting at the lease's list, which would read the whole JSON
// of changes once per task.

/** Losers of the commit: their own rows are not stored, so they fail and say why. */
const settleLosers = (conflict: string) => `
UPDATE tasks SET status = 'FAILURE', attempts = x.attempts, deferrals = 0, suspect = 0,
  finished_at = x.finished_at, started_at = x.started_at, worker = ?3, timeline = x.timeline,
  error_code = x.reason ->> 'code', error_message = x.reason ->> 'message',
  error_detail = x.reason -> 'detail', result = NULL, checkpoint = NULL
FROM (
  SELECT t.id AS id, c.value ->> 'attempts' AS attempts, c.value ->> 'finished_at' AS finished_at,
    c.value ->> 'started_at' AS started_at, c.value -> 'timeline' AS timeline,
    (${conflict}) AS reason
  FROM json_each(?2) c JOIN tasks t ON t.id = c.value ->> 'id'
  WHERE c.value ->> 'status' = 'SUCCESS'
) x
WHERE tasks.id = x.id AND x.reason IS NOT NULL AND tasks.${OPEN} AND +tasks.id IN (${HELD})`;

const SETTLE = `
UPDATE tasks SET status = c.value ->> 'status', attempts = c.value ->> 'attempts',
  deferrals = c.value ->> 'deferrals', suspect = c.value ->> 'suspect',
  ready_at = c.value ->> 'ready_at', check_at = c.value ->> 'check_at',
  resends = 0, sent_at = CASE c.value ->> 'sent' WHEN 'kept' THEN sent_at WHEN 'new' THEN ?4 END,
  started_at = c.value ->> 'started_at', finished_at = c.value ->> 'finished_at', worker = ?3,
  result = nullif(c.value -> 'result', 'null'), error_code = c.value ->> 'code',
  error_message = c.value ->> 'message', error_detail = nullif(c.value -> 'detail', 'null'),
  timeline = c.value -> 'timeline', checkpoint = nullif(c.value -> 'checkpoint', 'null')
FROM json_each(?2) c
WHERE tasks.id = c.value ->> 'id' AND tasks.${OPEN} AND +tasks.id IN (${HELD})`;

// Rows held that have ended were ended by this very settle.
const COUNT = countEndsSql(`id IN (${HELD})`);
const NOTIFY = notifyEndsSql(`id IN (${HELD})`);

const READ_SETTLED = `
SELECT t.id, t.subject, t.status, t.ready_at, t.sent_at, t.attempts, t.error_code,
  t.error_message, t.error_detail
FROM json_each(?1) m JOIN tasks t ON t.id = m.value`;

/** The domain's part of a settle: its statements, their rows, and the changes these belong to. */
export interface CommitRows {
  commit: Commit<unknown>;
  rows: unknown[];
  changes: Change[];
}

/**
 * Settles a lease in one transaction: domain rows of tasks still held, losers of these, the new
 * states, their counts and notifications, the lease's end. Every statement is fenced by the lease, so a repeat after an ambiguous
 * error changes nothing; the answer is what D1 then holds, whoever wrote it.
 */
export async function settle(
  db: D1Database,
  lease: { token: string; worker: string },
  changes: readonly Change[],
  commits: readonly CommitRows[],
  now: number,
  notifies: boolean,
): Promise<Map<string, SettledRow>> {
  const { token, worker } = lease;
  const statements: D1PreparedStatement[] = [];
  for (const { commit, rows, changes: committed } of commits) {
    for (const chunk of jsonChunks(rows)) {
      statements.push(...commit.insert.map((sql) => db.prepare(sql).bind(token, chunk)));
    }
    const losers = db.prepare(settleLosers(commit.conflict));
    statements.push(...jsonChunks(committed).map((chunk) => losers.bind(token, chunk, worker)));
  }
  const main = db.prepare(SETTLE);
  statements.push(
    ...jsonChunks(changes).map((chunk) => main.bind(token, chunk, worker, now)),
    db.prepare(COUNT).bind(token, now),
    ...(notifies ? [db.prepare(NOTIFY).bind(token, now)] : []),
    deleteLease(db, token),
    db.prepare(READ_SETTLED).bind(JSON.stringify(changes.map(({ id }) => id))),
  );
  const results = await retryD1(() => db.batch<SettledRow>(statements));
  return new Map((results.at(-1)?.results ?? []).map((row) => [row.id, row]));
}

function jsonChunks(values: readonly unknown[]): string[] {
  return inChunks(values.map((value) => JSON.stringify(value)));
}
