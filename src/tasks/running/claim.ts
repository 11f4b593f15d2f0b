import { sql } from "../../db/sql";
import type { TaskColumns } from "../model/schema";
import { retryD1 } from "../../db/retry";
import { HELD, LEASED } from "../model/leases";
import { isPausedSql } from "../model/pauses";
import { isFinal, OPEN, type StoredStatus } from "../model/states";

/** ClaimedRow is a row that the batch's lease now lists. */
export type ClaimedRow = Pick<
  TaskColumns,
  | "id"
  | "name"
  | "module"
  | "subject"
  | "user"
  | "input"
  | "attempts"
  | "max_attempts"
  | "deferrals"
  | "created_at"
  | "started_at"
  | "timeline"
  | "checkpoint"
  | "finished_steps"
  | "progress"
  | "timeout_ms"
  | "notify"
>;

/** NotClaimed says what became of a message whose task was not taken. */
type NotClaimed = "gone" | "suspect" | { dueInMs: number };

/** HeldLease is the lease that a claim made, as those who work under it need it. */
export interface HeldLease {
  token: string;
  worker: string;
  /** The start of its tasks, in Unix milliseconds. */
  since: number;
}

/** Claimed is the first record of a lease's way: the tasks it holds. See lease.ts. */
export interface Claimed {
  lease: HeldLease;
  claimed: ClaimedRow[];
  /**
   * Why a task was not taken, by its id. "gone" is one that is final, missing, held by another
   * lease, or of a paused queue: its message is of no more use.
   */
  notClaimed: Map<string, NotClaimed>;
}

interface ClaimRequest {
  /** The new lease's token; the same again finds the lease that an ambiguous call made. */
  token: string;
  ids: readonly string[];
  queue: string;
  worker: string;
  now: number;
  leaseMs: number;
  /** Whether to take a suspect: only ever one, alone in its lease. */
  suspect: boolean;
}

interface Row extends ClaimedRow, Pick<TaskColumns, "ready_at" | "suspect"> {
  status: StoredStatus;
  mine: number;
  leased: number;
}

const INSERT_LEASE = sql(
  `
INSERT INTO leases (token, queue, worker, since, expires_at, task_ids)
SELECT :token, :queue, :worker, :now, :until, json_group_array(id) FROM (
  SELECT t.id FROM json_each(:ids) m JOIN tasks t ON t.id = m.value
  WHERE t.${OPEN} AND t.ready_at <= :now AND t.suspect = :suspect AND t.id NOT IN (${LEASED})
    AND NOT ${isPausedSql(":queue")}
)
HAVING count(*) > 0
ON CONFLICT (token) DO NOTHING`,
  ["token", "queue", "worker", "now", "until", "ids", "suspect"],
);

const READ_CLAIMED = sql(`
SELECT t.id, t.name, t.module, t.subject, t.user, t.status, t.ready_at, t.suspect, t.attempts,
  t.max_attempts, t.deferrals, t.created_at, t.started_at, t.timeline, t.checkpoint,
  t.finished_steps, t.progress, t.timeout_ms, t.notify,
  t.id IN (${HELD}) AS mine,
  t.id IN (${LEASED}) AS leased,
  iif(t.${OPEN}, t.input, '') AS input
FROM json_each(:ids) m JOIN tasks t ON t.id = m.value`);

/**
 * Takes what can be taken of `ids` under one lease, in one transaction. The token makes this
 * repeatable: after an ambiguous error the same call finds the lease that it made.
 */
export async function claim(db: D1Database, request: ClaimRequest): Promise<Claimed> {
  const ids = JSON.stringify(request.ids);
  const { token, queue, worker, now, leaseMs } = request;
  const suspect = request.suspect ? 1 : 0;
  const [, read] = await retryD1(db, () =>
    db.batch<Row>([
      INSERT_LEASE.on(db, { token, ids, queue, worker, now, until: now + leaseMs, suspect }),
      READ_CLAIMED.on(db, { token, ids }),
    ]),
  );
  const rows = read?.results ?? [];
  const notClaimed = new Map<string, NotClaimed>(request.ids.map((id) => [id, "gone"]));
  for (const row of rows) {
    if (row.mine) {
      notClaimed.delete(row.id);
    } else if (!row.leased && !isFinal(row.status)) {
      const dueInMs = row.ready_at - now;
      notClaimed.set(row.id, dueInMs > 0 ? { dueInMs } : row.suspect ? "suspect" : "gone");
    }
  }
  const lease = { token, worker, since: now };
  return { lease, claimed: rows.filter((row) => row.mine), notClaimed };
}
