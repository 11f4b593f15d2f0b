/**
 * The alarm of this object drives recovery while work is open. The object survives restarts, and
 * holds only a journal of its looks. After two looks in a row that found nothing it rests until an
 * enqueue or the cron arms it: one would miss what was enqueued relying on an earlier arming.
 */
import { DurableObject } from "cloudflare:workers";
import { configOf } from "../../config";
import { cutText } from "../../lib/cut-text";
import { isDatabaseFull, logFailure } from "../../db/full";
import { troubleBehind } from "../../db/trouble";
import { isLong, judge, type Memory, recover, type Recovered } from "./recover";

const JOURNAL = "journal";
/**
 * Looks are at least this far apart, as one may send a queue its share of messages for a second.
 */
const PACE_MS = 1000;
const MAX_ERROR_CHARACTERS = 300;

/** RecoveryStatus is what recovery did since its first look. Times are Unix milliseconds. */
export interface RecoveryStatus {
  /** The time of its last look; null for never. */
  lastRunAt: number | null;
  runs: number;
  failedRuns: number;
  /** The number of dead consumers' leases that it broke. */
  lapsedLeases: number;
  /** The number of messages that it sent: for waits that were over, and in place of lost ones. */
  resentTasks: number;
  /** The number of tracked tasks that went silent. */
  lostTasks: number;
  /** The last look that failed; null for none. */
  lastError: { at: number; message: string } | null;
  /** The time of its next look; null while it rests. */
  nextRunAt: number | null;
}

/** The journal is one value, so that a look writes one row. */
type Journal = Omit<RecoveryStatus, "nextRunAt"> &
  Memory & {
    /** Whether the last look found nothing open, or there was none. */
    quiet: boolean;
  };

const EMPTY: Journal = {
  lastRunAt: null,
  runs: 0,
  failedRuns: 0,
  lapsedLeases: 0,
  resentTasks: 0,
  lostTasks: 0,
  lastError: null,
  quiet: true,
};

export class Recovery extends DurableObject<Env> {
  /** The start of its last look, also of one under way. */
  #lookedAt = -Infinity;

  /** Makes sure that it looks within an interval. */
  async arm(): Promise<void> {
    this.#stayAwake();
    await this.#lookWithin(configOf(this.env).recoveryMs);
  }

  async lookNow(): Promise<void> {
    this.#stayAwake();
    const wait = this.#lookedAt + PACE_MS - Date.now();
    await this.#lookWithin(Math.min(Math.max(wait, 0), PACE_MS)); // The clock may have gone back.
  }

  async status(): Promise<RecoveryStatus> {
    const { quiet: _, latest: _l, wellSince: _w, postponedSince: _p, ...counts } = this.#read();
    return { ...counts, nextRunAt: await this.ctx.storage.getAlarm() };
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#lookedAt = now;
    const memory = this.#read();
    const result = await recover(this.env, now, memory).catch((error: unknown) => {
      logFailure("recovery.failed", error);
      return error;
    });
    const endedAt = Math.max(now, Date.now());
    // The next look is set here and nothing is thrown, as the platform drops an alarm that failed six
    // times. The journal is read only now, as an enqueue may have armed it meanwhile.
    const journal = this.#read();
    const open = !isRecovered(result) || result.open;
    if (open || !journal.quiet) {
      const more = isRecovered(result) && result.more;
      await this.#lookWithin(more ? now + PACE_MS - Date.now() : configOf(this.env).recoveryMs);
    }
    this.#keep({
      ...added(journal, result, now, endedAt),
      ...judge(memory, this.env, now),
      // When D1 was slow to answer, leases that lapsed meanwhile are no fault of their tasks.
      ...(isLong(this.env, endedAt - now) && { wellSince: endedAt }),
      ...(isD1Failure(result) && {
        wellSince: null,
        postponedSince: memory.postponedSince ?? null,
      }),
      quiet: !open,
    });
  }

  #read(): Journal {
    return this.ctx.storage.kv.get<Journal>(JOURNAL) ?? EMPTY;
  }

  #keep(journal: Journal): void {
    this.ctx.storage.kv.put(JOURNAL, journal);
  }

  #stayAwake(): void {
    const journal = this.#read();
    if (journal.quiet) {
      this.#keep({ ...journal, quiet: false, latest: Math.max(journal.latest ?? 0, Date.now()) });
    }
  }

  /** Sets the alarm unless one comes sooner. One set further ahead is of a clock that went back. */
  async #lookWithin(ms: number): Promise<void> {
    const at = Date.now() + ms;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > at) {
      await this.ctx.storage.setAlarm(at);
    }
  }
}

function isRecovered(result: unknown): result is Recovered {
  return typeof result === "object" && result !== null && "resent" in result;
}

/** Tells whether D1 did not answer; a full database does answer. */
function isD1Failure(result: unknown): boolean {
  return troubleBehind(result) !== null && !isDatabaseFull(result);
}

function added(journal: Journal, result: unknown, now: number, endedAt: number): Journal {
  const counted = { ...journal, lastRunAt: now, runs: journal.runs + 1 };
  if (isRecovered(result)) {
    return {
      ...counted,
      latest: endedAt,
      lapsedLeases: journal.lapsedLeases + result.lapsed,
      resentTasks: journal.resentTasks + result.resent,
      lostTasks: journal.lostTasks + result.lost,
    };
  }
  const message = cutText(String(result), MAX_ERROR_CHARACTERS);
  return {
    ...counted,
    // The greater time is kept, as a step back of the clock may still have to be mended.
    latest: Math.max(journal.latest ?? 0, endedAt),
    failedRuns: journal.failedRuns + 1,
    lastError: { at: now, message },
  };
}
