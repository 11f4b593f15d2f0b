/**
 * The consumer: claim -> run -> settle -> ack.
 *
 * - Nothing throws out of it: a throw would redeliver the whole batch. Every message is acked or
 *   retried by itself, and only here.
 * - A message is only a hint that a task may be due; the row decides. So a late, doubled or stale
 *   message is acked without effect, and a lost one is made up for by recovery.
 * - A message is acked only after the settle that made it useless has committed, and by what D1
 *   says of the row, not by what the handler wished.
 * - While D1 fails for reasons of its own nothing is held against a task: the lease is given back,
 *   messages wait longer and longer, and past a number of deliveries the row alone is the way back.
 * - Suspects (their last lease lapsed, or their batch threw) run after the rest, each alone.
 * - Nothing is begun that might not end while this consumer lives: it goes back to the queue.
 */
import { configOf } from "../../config";
import { logFailure } from "../../db/full";
import { guarded } from "../../db/guarded";
import { retryD1, UNATTENDED } from "../../db/retry";
import { troubleBehind } from "../../db/trouble";
import { type Chance, type Clock, systemChance, systemClock } from "../../lib/clock";
import { log } from "../../log";
import { MAX_MESSAGE_WAIT_MS } from "../model/backoff";
import { change, type Run } from "./change";
import { claim, type Claim, type ClaimedRow } from "./claim";
import { buryMessages } from "./dead-letters";
import { afterSettle } from "./after-settle";
import type { RunContext } from "../model/define";
import type { Engine } from "../model/engine";
import { deleteLease, startHeartbeat } from "../model/leases";
import { logSettled, logStarted } from "./lifecycle-log";
import { leaveToNewer } from "./newer";
import { readNotify, startedNotice } from "../model/notify";
import { publishStarted } from "../model/publish";
import { mayWait, putOff, putOffOrDrop } from "./put-off";
import { laneOf, readMessage } from "../model/queues";
import { type Claimed, runTasks } from "./run";
import { settle, type CommitRows, type SettledRow } from "./settle";
import { MAX_RUNNING_MS, timeoutOf } from "../model/timeout";
import { workerName } from "./worker-name";

/** Further tries to give a lease back: together they outlast the lease, which then has lapsed. */
const TRIES_TO_RELEASE = 10;

/** Each asks D1 a dozen times, which answers an invocation a thousand. */
const ALONE_PER_DELIVERY = 50;

/** A batch being worked on. */
interface Delivery {
  lane: string;
  env: Env;
  engine: Engine;
  clock: Clock;
  chance: Chance;
  messages: Messages;
  /** When its last run must have ended; Unix milliseconds. */
  until: number;
  /** Something did not fit until then: nothing else is begun. */
  isOver: boolean;
  /** D1 failed: what has not been tried yet need not be. */
  isTroubled: boolean;
}

export async function consume(
  batch: MessageBatch,
  given: Env,
  engine: Engine,
  clock = systemClock,
  chance = systemChance,
): Promise<void> {
  const until = clock() + MAX_RUNNING_MS;
  const env = guarded(given, UNATTENDED);
  const messages = await sortMessages(batch, env, clock, chance);
  if (messages.size === 0) {
    return;
  }
  const lane = laneOf(env, batch.queue);
  const flags = { isOver: false, isTroubled: false };
  const delivery: Delivery = { lane, env, engine, clock, chance, messages, until, ...flags };
  const suspects = await runClaim(delivery, [...messages.keys()], "together");
  for (const [index, id] of suspects.entries()) {
    if (delivery.isTroubled) {
      backToWait(delivery, [id]);
    } else if (delivery.isOver || index >= ALONE_PER_DELIVERY) {
      retryIn(messages.get(id), 0);
    } else {
      await runClaim(delivery, [id], "alone");
    }
  }
}

type Messages = Map<string, Message>;

/** Messages by task id. Doubles are acked, newer ones put off, unreadable ones made visible. */
async function sortMessages(
  batch: MessageBatch,
  env: Env,
  clock: Clock,
  chance: Chance,
): Promise<Messages> {
  const messages: Messages = new Map();
  const unknown: Message[] = [];
  for (const message of batch.messages) {
    const read = readMessage(message.body);
    if (read === "newer") {
      putOff(message, chance());
    } else if (read === "unknown") {
      unknown.push(message);
    } else if (messages.has(read.task_id)) {
      message.ack();
    } else {
      messages.set(read.task_id, message);
    }
  }
  if (unknown.length > 0) {
    const message = "The queue delivered a message that is not one of this system";
    await buryMessages(unknown, env, { code: "invalid_message", message }, clock(), chance);
  }
  return messages;
}

/** One lease from claim to ack. Returns the ids of suspects still to be run alone. */
async function runClaim(
  delivery: Delivery,
  ids: string[],
  how: "together" | "alone",
): Promise<string[]> {
  const { lane, env, engine, clock, chance, messages } = delivery;
  const { leaseMs } = configOf(env);
  const since = clock();
  const token = crypto.randomUUID();
  let stopHeartbeat: (() => void) | undefined;
  try {
    const lease = { token, queue: lane, worker: workerName(), now: since, leaseMs };
    const taken = await claim(env.DB, { ...lease, ids, suspect: how === "alone" });
    const suspects = answerUnclaimed(taken.notClaimed, messages);
    delivery.isOver = clock() + longest(taken.claimed, engine) > delivery.until;
    if (delivery.isOver) {
      await release(env.DB, token);
      taken.claimed.forEach(({ id }) => retryIn(messages.get(id), 0));
    } else if (taken.claimed.length > 0) {
      stopHeartbeat = startHeartbeat(env.DB, token, leaseMs, clock);
      const { worker } = lease;
      const context = { env, engine, worker, leaseExpiresAt: since + leaseMs, clock, chance };
      await runLease(delivery, { rows: taken.claimed, token }, since, context);
    }
    return suspects;
  } catch (error) {
    stopHeartbeat?.();
    logFailure("batch.failed", error, { queue: lane, tasks: ids.length });
    if (troubleBehind(error)) {
      delivery.isTroubled = true;
      await release(env.DB, token);
    }
    backToWait(delivery, ids);
    return [];
  } finally {
    stopHeartbeat?.();
  }
}

/**
 * Gives a lease back: this worker lives and D1 failed, so no task is to blame for it to lapse. If
 * the settle did commit after all, the lease is gone and this changes nothing.
 */
async function release(db: D1Database, token: string): Promise<void> {
  await retryD1(db, () => deleteLease(db, token).run(), TRIES_TO_RELEASE).catch(() => undefined);
}

/** On a message already answered this has no effect. */
function backToWait({ messages, chance }: Delivery, ids: readonly string[]): void {
  for (const id of ids) {
    const message = messages.get(id);
    if (message) {
      putOffOrDrop(message, chance());
    }
  }
}

/** How long the longest of them may run: they run side by side. */
function longest(rows: readonly ClaimedRow[], engine: Engine): number {
  const timeouts = rows.map((row) => {
    const definition = engine.find(row.name);
    return definition ? timeoutOf(definition, row) : 0;
  });
  return Math.max(0, ...timeouts);
}

function answerUnclaimed(notClaimed: Claim["notClaimed"], messages: Messages): string[] {
  const suspects: string[] = [];
  for (const [id, why] of notClaimed) {
    if (why === "suspect") {
      suspects.push(id);
    } else if (why === "gone" || why.dueInMs > MAX_MESSAGE_WAIT_MS) {
      messages.get(id)?.ack();
    } else {
      retryIn(messages.get(id), why.dueInMs);
    }
  }
  return suspects;
}

type Context = Omit<RunContext, "signal">;

async function runLease(
  { messages }: Delivery,
  { rows, token }: Claimed,
  startedAt: number,
  context: Context,
): Promise<void> {
  const { env, worker, clock, chance } = context;
  logStarted(rows, worker);
  const told = rows.filter((row) => row.started_at === null && readNotify(row.notify).start);
  if (told.length > 0) {
    await tellStarted(env.DB, told, startedAt);
  }
  const stopTelling = publishStarted(env, rows);
  const { runs, commits } = await runGroups({ rows, token }, startedAt, context);
  stopTelling();
  const now = clock();
  const changes = new Map(runs.map((run) => [run.row.id, change(run, env, now, chance())]));
  const commitRows: CommitRows[] = commits.map(({ commit, name, stored }) => ({
    commit,
    name,
    rows: [...stored]
      .filter(([id]) => changes.get(id)?.status === "SUCCESS")
      .map(([id, value]) => commit.row(value, id)),
  }));
  const notifies = rows.some(({ notify }) => notify !== null);
  const lease = { token, worker };
  const settled = await settle(env.DB, lease, [...changes.values()], commitRows, now, notifies);
  const resend = answerSettled(rows, settled, messages, now);
  logSettled(runs, settled, clock() - startedAt);
  await afterSettle(runs, settled, resend, context);
}

async function tellStarted(db: D1Database, rows: ClaimedRow[], now: number): Promise<void> {
  const ids = rows.map(({ id }) => id);
  const notice = startedNotice(db, ids, now);
  await notice.run().catch((error: unknown) => {
    log.warn("notify.failed", { message: String(error) }); // no reason not to run them
  });
}

interface Groups {
  runs: Run[];
  commits: { commit: CommitRows["commit"]; name: string; stored: Map<string, unknown> }[];
}

/** Runs each definition's share of the lease, all at once: together they take as long as the longest. */
async function runGroups(
  { rows, token }: Claimed,
  startedAt: number,
  context: Context,
): Promise<Groups> {
  const groups: Groups = { runs: [], commits: [] };
  const base = { startedAt, worker: context.worker };
  const run = async (name: string, group: ClaimedRow[]): Promise<void> => {
    const definition = context.engine.find(name);
    if (!definition) {
      groups.runs.push(
        ...group.map((row) => ({
          ...base,
          row,
          definition,
          outcome: unknownTask(row, context.clock()),
        })),
      );
      return;
    }
    const result = await runTasks(definition, { rows: group, token }, context);
    for (const row of group) {
      const outcome = result.suspects.has(row.id) ? "suspect" : result.outcomes.get(row.id);
      if (outcome) {
        groups.runs.push({ ...base, row, definition, outcome });
      }
    }
    if ("commit" in definition && definition.commit && result.stored.size > 0) {
      groups.commits.push({ commit: definition.commit, name, stored: result.stored });
    }
  };
  const shares = Map.groupBy(rows, (row) => row.name);
  await Promise.all([...shares].map(([name, group]) => run(name, group)));
  return groups;
}

function unknownTask(row: ClaimedRow, now: number): Run["outcome"] {
  const message = `No task is defined under the name ${row.name}`;
  return leaveToNewer(row, { code: "unknown_task", message }, now);
}

/**
 * Acks or retries by what D1 holds. Returns the tasks that want a new message, and after how many
 * milliseconds: a next slice, and a wait whose message was retried often enough for the platform
 * to be about to give it up.
 */
function answerSettled(
  rows: ClaimedRow[],
  settled: Map<string, SettledRow>,
  messages: Messages,
  now: number,
): Map<string, number> {
  const resend = new Map<string, number>();
  for (const { id } of rows) {
    const row = settled.get(id);
    const message = messages.get(id);
    const waits = row?.status === "RETRY" && row.sent_at !== null;
    if (waits && (!message || mayWait(message))) {
      retryIn(message, row.ready_at - now);
      continue;
    }
    message?.ack();
    if (waits || (row?.status === "PENDING" && row.sent_at === now)) {
      resend.set(id, Math.max(0, row.ready_at - now));
    }
  }
  return resend;
}

function retryIn(message: Message | undefined, ms: number): void {
  message?.retry({ delaySeconds: Math.max(0, Math.ceil(ms / 1000)) });
}
