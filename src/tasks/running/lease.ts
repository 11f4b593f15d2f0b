/**
 * A lease goes the way claim -> run -> decide -> settle -> answer. Each step takes the record that
 * the step before made, and returns it with what it adds: Claimed, Ran, Decided, Settled, Answered.
 */
import { configOf } from "../../config";
import { logFailure } from "../../db/full";
import { retryD1 } from "../../db/retry";
import { troubleBehind } from "../../db/trouble";
import type { Chance, Clock } from "../../lib/clock";
import { log } from "../../log";
import type { LeaseContext } from "../model/define";
import type { Engine } from "../model/engine";
import { deleteLease, startHeartbeat } from "../model/leases";
import { readNotify, startedNotice } from "../model/notify";
import { publishStarted } from "../model/publish";
import { timeoutOf } from "../model/timeout";
import { afterSettle } from "./after-settle";
import { type Claimed, claim } from "./claim";
import { decideAll } from "./decide";
import { logSettled, logStarted } from "./lifecycle-log";
import { answerSettled, answerUnclaimed, backToQueue, backToWait, type Messages } from "./messages";
import { type Ran, run } from "./run";
import { type Settled, settle } from "./settle";
import { workerName } from "./worker-name";

export interface Delivery {
  queue: string;
  env: Env;
  engine: Engine;
  clock: Clock;
  chance: Chance;
  messages: Messages;
  /** The time by which its last run must have ended, in Unix milliseconds. */
  until: number;
}

interface Worked {
  /** The ids of tasks of the delivery that are still to be run, each alone. */
  suspects: string[];
  /**
   * Whether more may be begun: not if "over", as these tasks did not fit into the delivery's time,
   * nor if "troubled", as D1 failed.
   */
  state: "well" | "over" | "troubled";
}

/** These further tries to give a lease back outlast it together, so that it has lapsed by then. */
const TRIES_TO_RELEASE = 10;

/** Takes what can be taken of `ids` under one lease, and brings it to its end. Never throws. */
export async function workLease(
  delivery: Delivery,
  { ids, suspect }: { ids: string[]; suspect: boolean },
): Promise<Worked> {
  const { queue, env, engine, clock, chance, messages, until } = delivery;
  const { leaseMs } = configOf(env);
  const token = crypto.randomUUID();
  const worker = workerName();
  const now = clock();
  try {
    const taken = await claim(env.DB, { token, queue, worker, now, leaseMs, ids, suspect });
    const suspects = answerUnclaimed(taken, messages);
    if (clock() + longest(taken, engine) > until) {
      await release(env.DB, token);
      backToQueue(taken, messages);
      return { suspects, state: "over" };
    }
    if (taken.claimed.length > 0) {
      const leaseExpiresAt = now + leaseMs;
      const context = { env, engine, worker, leaseExpiresAt, clock, chance };
      const settled = await runAndSettle(taken, leaseMs, context);
      const answered = answerSettled(settled, messages);
      logSettled(answered, clock() - now);
      await afterSettle(answered, context);
    }
    return { suspects, state: "well" };
  } catch (error) {
    logFailure("batch.failed", error, { queue, tasks: ids.length });
    const isTroubled = troubleBehind(error) !== null;
    if (isTroubled) {
      await release(env.DB, token);
    }
    backToWait(ids, messages, chance);
    return { suspects: [], state: isTroubled ? "troubled" : "well" };
  }
}

/** Takes claimed tasks to their settle, while a heartbeat keeps the lease. */
async function runAndSettle(
  claimed: Claimed,
  leaseMs: number,
  context: LeaseContext,
): Promise<Settled> {
  const { env, clock } = context;
  const stopHeartbeat = startHeartbeat(env.DB, claimed.lease.token, leaseMs, clock);
  try {
    logStarted(claimed);
    await noticeStarted(claimed, context);
    const ran = await runInSight(claimed, context);
    return await settle(env.DB, decideAll(ran, context));
  } finally {
    stopHeartbeat();
  }
}

async function runInSight(claimed: Claimed, context: LeaseContext): Promise<Ran> {
  const stopTelling = publishStarted(context.env, claimed.claimed);
  const ran = await run(claimed, context);
  stopTelling();
  return ran;
}

/** Notifies those who asked to be told when their task starts. */
async function noticeStarted({ lease, claimed }: Claimed, { env }: LeaseContext): Promise<void> {
  const told = claimed.filter((row) => row.started_at === null && readNotify(row.notify).start);
  if (told.length > 0) {
    const ids = told.map(({ id }) => id);
    const notice = startedNotice(env.DB, ids, lease.since);
    await notice.run().catch((error: unknown) => {
      log.warn("notify.failed", { message: String(error) }); // The tasks run without it.
    });
  }
}

/** Returns how long the longest task may run, as claimed tasks run side by side. */
function longest({ claimed }: Claimed, engine: Engine): number {
  const timeouts = claimed.map((row) => {
    const definition = engine.find(row.name);
    return definition ? timeoutOf(definition, row) : 0;
  });
  return Math.max(0, ...timeouts);
}

/**
 * Gives a lease back. D1 failed while this worker lives, so no task should be blamed for a lapse. If
 * the settle did commit after all, the lease is gone and this changes nothing.
 */
async function release(db: D1Database, token: string): Promise<void> {
  await retryD1(db, () => deleteLease(db, token).run(), TRIES_TO_RELEASE).catch(() => undefined);
}
