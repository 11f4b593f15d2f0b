/**
 * Sending again what is due or seems lost, without amplifying a backlog.
 *
 * A row without a message is due: it is sent. A row whose message was sent and not seen for
 * SENT_GRACE_MS is taken for lost when its queue is empty, or when the oldest message waiting there
 * is clearly younger than the row's. Failing that proof it is sent anyway after PATIENCE_MS, which
 * doubles with each resend: the queue's metrics are best effort. Rows come oldest first, so where
 * the first are not lost the rest are not worth a look; the two kinds have an index each, so that a
 * deep backlog of the second does not hide the first. Sent first and noted after: the other way
 * round a failed send would look like a sent one.
 */
import { log } from "../log";
import { LEASED } from "./leases";
import { listPauses } from "./pauses";
import { lanesOf, queueOf, SEND_BATCH, sendTasks } from "./queues";
import { SENT_GRACE_MS } from "./change";
import { OPEN } from "./states";

/** Rows of a kind and lane looked at in one go, and how often it goes on while all were due. */
const ROWS = 1000;
const ROUNDS = 5;
const PATIENCE_MS = 600_000;
const MAX_DOUBLINGS = 10;

interface Row {
  id: string;
  sent_at: number | null;
  resends: number;
}

const UNSENT = `
SELECT id, sent_at, resends FROM tasks INDEXED BY tasks_unsent
WHERE queue = ?1 AND check_at <= ?2 AND ${OPEN} AND sent_at IS NULL AND id NOT IN (${LEASED})
ORDER BY check_at LIMIT ${ROWS}`;

const UNSEEN = `
SELECT id, sent_at, resends FROM tasks INDEXED BY tasks_open
WHERE queue = ?1 AND check_at <= ?2 AND ${OPEN} AND sent_at IS NOT NULL AND id NOT IN (${LEASED})
ORDER BY check_at LIMIT ${ROWS}`;

const MARK_SENT = `
UPDATE tasks SET sent_at = ?2,
  check_at = ?2 + ${SENT_GRACE_MS} * (1 << min(resends, ${MAX_DOUBLINGS})),
  resends = resends + (sent_at IS NOT NULL)
WHERE id IN (SELECT value FROM json_each(?1)) AND ${OPEN} AND check_at <= ?2`;

/** Returns how many were sent: at most 2 x ROWS x ROUNDS per lane. */
export async function resendDue(env: Env, now: number): Promise<number> {
  let total = 0;
  const paused = await listPauses(env.DB);
  for (const lane of lanesOf(env).filter((each) => !paused.has(each))) {
    for (const query of [UNSENT, UNSEEN]) {
      total += await resendLane(env, lane, query, now).catch((error: unknown) => {
        log.error("recovery.resend_failed", { queue: lane, message: String(error) });
        return 0;
      });
    }
  }
  return total;
}

async function resendLane(env: Env, lane: string, query: string, now: number): Promise<number> {
  let sent = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { results: rows } = await env.DB.prepare(query).bind(lane, now).all<Row>();
    if (rows.length === 0) {
      break;
    }
    const oldest = query === UNSENT ? 0 : await oldestMessage(env, lane);
    const ids = rows.filter((row) => isDue(row, oldest, now)).map((row) => row.id);
    if (ids.length > 0) {
      await sendNoting(env, lane, ids, now);
    }
    sent += ids.length;
    if (ids.length < ROWS) {
      break;
    }
  }
  return sent;
}

/** When the oldest waiting message was sent: Infinity for an empty queue, 0 if unknown. */
async function oldestMessage(env: Env, lane: string): Promise<number> {
  const { backlogCount, oldestMessageTimestamp } = await queueOf(env, lane).metrics();
  return backlogCount === 0 ? Infinity : (oldestMessageTimestamp?.getTime() ?? 0);
}

/** Notes each call's messages by itself, so that a later call's failure repeats only its own. */
async function sendNoting(env: Env, lane: string, ids: string[], now: number): Promise<void> {
  for (let start = 0; start < ids.length; start += SEND_BATCH) {
    const chunk = ids.slice(start, start + SEND_BATCH);
    await sendTasks(env, lane, chunk);
    await env.DB.prepare(MARK_SENT).bind(JSON.stringify(chunk), now).run();
  }
}

/** Whether a row's message is to be sent, by what `oldestMessage` says. */
export function isDue(row: Pick<Row, "sent_at" | "resends">, oldest: number, now: number): boolean {
  // A row notes the time before its message is sent: its own message looks a little younger.
  if (row.sent_at === null || oldest > row.sent_at + SENT_GRACE_MS) {
    return true;
  }
  return now - row.sent_at >= PATIENCE_MS * 2 ** Math.min(row.resends, MAX_DOUBLINGS);
}
