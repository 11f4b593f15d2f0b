/**
 * Sending again what is due or seems lost, without amplifying a backlog.
 *
 * Rows come in the order they want to be looked at. A row without a message is due: it is sent. A
 * row whose message was sent and not seen for SENT_GRACE_MS is taken for lost when its queue is
 * empty, or when the oldest message waiting there is younger than the row's. Failing that proof it
 * is sent anyway after PATIENCE_MS, which doubles with each resend: the queue's metrics are best
 * effort. Sent first and noted after: the other way round a failed send would look like a sent one.
 */
import { log } from "../log";
import { LEASED } from "./leases";
import { queueOf, sendTasks } from "./queues";
import { SENT_GRACE_MS } from "./settle";
import { OPEN } from "./states";

/** Rows looked at in one go, and how often a run goes on while all of them were due. */
const ROWS = 1000;
const ROUNDS = 5;
const PATIENCE_MS = 600_000;
const MAX_DOUBLINGS = 10;

interface Row {
  id: string;
  queue: string;
  sent_at: number | null;
  resends: number;
}

const DUE = `
SELECT id, queue, sent_at, resends FROM tasks
WHERE ${OPEN} AND check_at <= ?1 AND id NOT IN (${LEASED})
ORDER BY check_at LIMIT ${ROWS}`;

const MARK_SENT = `
UPDATE tasks SET sent_at = ?2,
  check_at = ?2 + ${SENT_GRACE_MS} * (1 << min(resends, ${MAX_DOUBLINGS})),
  resends = resends + (sent_at IS NOT NULL)
WHERE id IN (SELECT value FROM json_each(?1)) AND ${OPEN}`;

/** Returns how many were sent: at most ROWS x ROUNDS. */
export async function resendDue(env: Env, now: number): Promise<number> {
  let total = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const sent = await resendRound(env, now);
    total += sent;
    if (sent < ROWS) {
      break;
    }
  }
  return total;
}

async function resendRound(env: Env, now: number): Promise<number> {
  const { results } = await env.DB.prepare(DUE).bind(now).all<Row>();
  let sent = 0;
  for (const [lane, rows] of Map.groupBy(results, (row) => row.queue)) {
    sent += await resendLane(env, lane, rows, now);
  }
  return sent;
}

async function resendLane(env: Env, lane: string, rows: Row[], now: number): Promise<number> {
  try {
    const { backlogCount, oldestMessageTimestamp } = await queueOf(env, lane).metrics();
    const oldest = backlogCount === 0 ? Infinity : (oldestMessageTimestamp?.getTime() ?? 0);
    const ids = rows.filter((row) => isDue(row, oldest, now)).map((row) => row.id);
    if (ids.length > 0) {
      await sendTasks(env, lane, ids);
      await env.DB.prepare(MARK_SENT).bind(JSON.stringify(ids), now).run();
    }
    return ids.length;
  } catch (error) {
    log.error("recovery.resend_failed", {
      queue: lane,
      tasks: rows.length,
      message: String(error),
    });
    return 0;
  }
}

/** `oldest`: when the oldest waiting message was sent; Infinity for an empty queue, 0 if unknown. */
export function isDue(row: Pick<Row, "sent_at" | "resends">, oldest: number, now: number): boolean {
  if (row.sent_at === null || oldest > row.sent_at) {
    return true;
  }
  return now - row.sent_at >= PATIENCE_MS * 2 ** Math.min(row.resends, MAX_DOUBLINGS);
}
