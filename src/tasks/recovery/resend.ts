/**
 * Sending again what is due or seems lost, as fast as its queue takes it, without amplifying a
 * backlog.
 *
 * A row without a message is due: it is sent. A row whose message was sent and not seen for
 * SENT_GRACE_MS is taken for lost when its queue is empty, or when the oldest message waiting there
 * is clearly younger than the row's; one sent before its queue was last resumed, as soon as nothing
 * older than that waits there, for a paused queue's messages are acked. Failing that proof it is sent
 * anyway after PATIENCE_MS, which doubles with each resend: the queue's metrics are best effort.
 * Rows come oldest first, so where the first are not lost the rest are not worth a look; the two
 * kinds have an index each, so that a deep backlog of the second does not hide the first. Sent first
 * and noted after: the other way round a failed send would look like a sent one. But where that note
 * failed, one row is noted first: a database that writes nothing would have the same sent at each look.
 */
import { logFailure } from "../../db/full";
import { sql } from "../../db/sql";
import type { TaskColumns } from "../model/schema";
import { log } from "../../log";
import { retryD1 } from "../../db/retry";
import { LEASED } from "../model/leases";
import { readPauses } from "../model/pauses";
import { queueNames, producerOf, SENT_GRACE_MS } from "../model/queues";
import { OPEN } from "../model/states";
import { isRateRefusal, trySending } from "../model/try-sending";

/** Rows looked at in one go. */
const ROWS = 1000;
/** A look sends so many of the 5,000 a second that a queue takes: the rest is left to those who bring work. */
const MESSAGES_PER_LOOK = 4000;
/** So long what waits for proof of its loss is looked at again at once: its queue may run dry. */
const JUST_RESUMED_MS = 60_000;
const PATIENCE_MS = 600_000;
const MAX_DOUBLINGS = 10;

type Row = Pick<TaskColumns, "id" | "sent_at" | "ready_at" | "resends">;

const DUE = `${OPEN} AND id NOT IN (${LEASED})`;

const UNSENT = sql(`
SELECT id, sent_at, ready_at, resends FROM tasks INDEXED BY tasks_unsent
WHERE queue = :queue AND check_at <= :now AND ${DUE} AND sent_at IS NULL
ORDER BY check_at LIMIT ${ROWS}`);

/** What was sent before the queue was resumed need not be overdue. */
const UNTIL = `max(:now, :resumed + ${SENT_GRACE_MS})` as const;
const UNSEEN = sql(`
SELECT id, sent_at, ready_at, resends FROM tasks INDEXED BY tasks_open
WHERE queue = :queue AND check_at <= ${UNTIL} AND ${DUE} AND sent_at IS NOT NULL
  AND (check_at <= :now OR max(sent_at, ready_at) <= :resumed)
ORDER BY check_at LIMIT ${ROWS}`);

const MARK_SENT = sql(`
UPDATE tasks SET sent_at = :now,
  check_at = :now + ${SENT_GRACE_MS} * (1 << min(resends, ${MAX_DOUBLINGS})),
  resends = resends + (sent_at IS NOT NULL)
WHERE id IN (SELECT value FROM json_each(:ids)) AND ${OPEN} AND check_at <= ${UNTIL}`);

export interface Resent {
  sent: number;
  /** There is more to send and the queue takes it, or there soon will be. */
  more: boolean;
}

/** Queues whose last note failed. */
const unnoted = new Set<string>();

/** A look at a queue. */
interface Look {
  env: Env;
  queue: string;
  now: number;
  /** When its last pause ended; 0 for never. */
  resumedAt: number;
}

/** Sends MESSAGES_PER_LOOK per queue, or a page more. */
export async function resendDue(env: Env, now: number): Promise<Resent> {
  const all: Resent = { sent: 0, more: false };
  const { paused, resumedAt } = await readPauses(env.DB);
  for (const queue of queueNames(env).filter((each) => !paused.has(each))) {
    const resumed = resumedAt.get(queue) ?? 0;
    // A time from before the clock went back says nothing of what was sent by this one.
    const look = { env, queue, now, resumedAt: resumed <= now ? resumed : 0 };
    let left = MESSAGES_PER_LOOK;
    for (const kind of ["unsent", "unseen"] as const) {
      const { sent, more } = await resendFrom(look, kind, left);
      left -= sent;
      all.sent += sent;
      all.more ||= more;
    }
  }
  return all;
}

async function resendFrom(look: Look, kind: "unsent" | "unseen", limit: number): Promise<Resent> {
  const { env, queue, now, resumedAt } = look;
  let sent = 0;
  const page = () =>
    kind === "unsent"
      ? UNSENT.on(env.DB, { queue, now })
      : UNSEEN.on(env.DB, { queue, now, resumed: resumedAt });
  try {
    while (sent < limit) {
      const { results: rows } = await page().all<Row>();
      const oldest = kind === "unsent" || rows.length === 0 ? 0 : await oldestMessage(env, queue);
      const ids = rows.filter((row) => isDue(row, oldest, look)).map(({ id }) => id);
      if (unnoted.has(queue)) {
        await noteSent(look, ids.slice(0, 1));
      }
      const sending = await trySending(env, queue, ids);
      await noteSent(look, sending.taken);
      sent += sending.taken.length;
      if (sending.refused) {
        const { why } = sending.refused;
        log.warn("recovery.resend_refused", { queue, message: String(why) });
        return { sent, more: sent > 0 || isRateRefusal(why) };
      }
      if (ids.length < ROWS) {
        return { sent, more: ids.length < rows.length && now - resumedAt < JUST_RESUMED_MS };
      }
    }
    return { sent, more: true };
  } catch (error) {
    logFailure("recovery.resend_failed", error, { queue });
    return { sent, more: sent > 0 };
  }
}

/** When the oldest waiting message was sent: Infinity for an empty queue, 0 if unknown. */
async function oldestMessage(env: Env, queue: string): Promise<number> {
  const { backlogCount, oldestMessageTimestamp } = await producerOf(env, queue).metrics();
  return backlogCount === 0 ? Infinity : (oldestMessageTimestamp?.getTime() ?? 0);
}

/** Also what the queue took before it refused the rest, so that only the rest comes again. */
async function noteSent(look: Look, ids: readonly string[]): Promise<void> {
  const { env, queue, now, resumedAt } = look;
  if (ids.length > 0) {
    const mark = MARK_SENT.on(env.DB, { ids: JSON.stringify(ids), now, resumed: resumedAt });
    try {
      await retryD1(env.DB, () => mark.run());
      unnoted.delete(queue);
    } catch (error) {
      unnoted.add(queue);
      throw error;
    }
  }
}

/** Whether a row's message is to be sent, by what `oldestMessage` says. */
export function isDue(
  row: Pick<Row, "sent_at" | "ready_at" | "resends">,
  oldest: number,
  { now, resumedAt }: Pick<Look, "now" | "resumedAt">,
): boolean {
  // A row notes the time before its message is sent: its own message looks a little younger.
  if (row.sent_at === null || oldest > row.sent_at + SENT_GRACE_MS) {
    return true;
  }
  if (Math.max(row.sent_at, row.ready_at) <= resumedAt && oldest >= resumedAt) {
    return true;
  }
  return now - row.sent_at >= PATIENCE_MS * 2 ** Math.min(row.resends, MAX_DOUBLINGS);
}
