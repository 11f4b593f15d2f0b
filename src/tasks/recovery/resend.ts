/**
 * Resending sends what is due or seems lost, as fast as its queue takes it, without amplifying a
 * backlog.
 *
 * - A row without a message is due, and is sent.
 * - A row's message is lost if it was not seen for SENT_GRACE_MS and its queue is empty, or the
 *   oldest message waiting there is clearly younger. A message sent before the queue was resumed is
 *   lost as soon as no older one waits there, as a paused queue's messages are acked.
 * - Without that proof a row is sent again after PATIENCE_MS, doubled with each resend, since the
 *   queue's metrics are best effort.
 * - Rows come oldest first, so a page whose first rows are not lost ends the look. Each kind has an
 *   index, so that many rows with a message do not hide those without.
 * - A row is sent before that is noted, as a failed send must not look like a sent one. Where the
 *   last note failed, one row is noted first: a database that writes nothing would have the same
 *   rows sent at each look.
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

const ROWS = 1000;
/** A look takes this much of the 5,000 messages a second of a queue; the rest is for new work. */
const MESSAGES_PER_LOOK = 4000;
/** A queue that was resumed this recently may run dry, which proves losses, so a look follows. */
const JUST_RESUMED_MS = 60_000;
const PATIENCE_MS = 600_000;
const MAX_DOUBLINGS = 10;

type Row = Pick<TaskColumns, "id" | "sent_at" | "ready_at" | "resends">;

const DUE = `${OPEN} AND id NOT IN (${LEASED})`;

const UNSENT = sql(`
SELECT id, sent_at, ready_at, resends FROM tasks INDEXED BY tasks_unsent
WHERE queue = :queue AND check_at <= :now AND ${DUE} AND sent_at IS NULL
ORDER BY check_at LIMIT ${ROWS}`);

/** A row sent before its queue was resumed is looked at before it is overdue. */
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
  /** Whether there is more to send that the queue takes now or soon. */
  more: boolean;
}

/** Queues are listed here after a note that failed. */
const unnoted = new Set<string>();

interface Look {
  env: Env;
  queue: string;
  now: number;
  /** The end of the queue's last pause, in Unix milliseconds; 0 for never. */
  resumedAt: number;
}

/** Sends what is due of every queue that is not paused: MESSAGES_PER_LOOK each, or a page more. */
export async function resendDue(env: Env, now: number): Promise<Resent> {
  const all: Resent = { sent: 0, more: false };
  const { paused, resumedAt } = await readPauses(env.DB);
  for (const queue of queueNames(env).filter((each) => !paused.has(each))) {
    const resumed = resumedAt.get(queue) ?? 0;
    // A time after now was written before the clock went back, and says nothing of messages sent
    // since.
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

/** Returns when the oldest waiting message was sent: Infinity for an empty queue, 0 if unknown. */
async function oldestMessage(env: Env, queue: string): Promise<number> {
  const { backlogCount, oldestMessageTimestamp } = await producerOf(env, queue).metrics();
  return backlogCount === 0 ? Infinity : (oldestMessageTimestamp?.getTime() ?? 0);
}

/** Notes what the queue took, even if it refused the rest, so that only the rest is sent again. */
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

/** Tells whether a row's message is to be sent; `oldest` is what oldestMessage says. */
export function isDue(
  row: Pick<Row, "sent_at" | "ready_at" | "resends">,
  oldest: number,
  { now, resumedAt }: Pick<Look, "now" | "resumedAt">,
): boolean {
  // A row notes the time before its message is sent, so its own message looks a little younger.
  if (row.sent_at === null || oldest > row.sent_at + SENT_GRACE_MS) {
    return true;
  }
  if (Math.max(row.sent_at, row.ready_at) <= resumedAt && oldest >= resumedAt) {
    return true;
  }
  return now - row.sent_at >= PATIENCE_MS * 2 ** Math.min(row.resends, MAX_DOUBLINGS);
}
