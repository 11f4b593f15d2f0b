import { parseExact } from "../../lib/exact-json";
import { log } from "../../log";
import { sendTasks } from "../accepting/sending";
import type { LeaseContext, Settlement, TaskDefinition } from "../model/define";
import { publish, taskChange, type TaskChange } from "../model/publish";
import { isFinal } from "../model/states";
import type { Answered, AnsweredTask } from "./messages";
import { undoRevoked } from "./revoke";
import type { SettledTask } from "./settle";

const HOOK_MS = 10_000;

/**
 * Does what follows a settle and may be lost: it tells watchers, sends the messages of next slices
 * (recovery makes up for lost ones), calls the definition's hook, and undoes the work of tasks that
 * were cancelled while they ran. Never throws.
 */
export async function afterSettle({ tasks }: Answered, context: LeaseContext): Promise<void> {
  const { env } = context;
  const jobs: Promise<unknown>[] = [publish(env, () => tasks.flatMap(changeOf))];
  for (const [definition, group] of Map.groupBy(tasks, (task) => task.definition)) {
    if (definition) {
      jobs.push(
        resend(definition, group, context),
        callHook(definition, group.flatMap(settlementOf), context),
        undoRevoked(env, definition, idsOf(group.filter(isRevoked))),
      );
    }
  }
  for (const result of await Promise.allSettled(jobs)) {
    if (result.status === "rejected") {
      log.warn("batch.after_settle_failed", { message: String(result.reason) });
    }
  }
}

async function resend(
  { queue }: TaskDefinition,
  tasks: readonly AnsweredTask[],
  { env, clock, chance }: LeaseContext,
): Promise<void> {
  const byDelay = Map.groupBy(tasks, ({ resendInMs }) => resendInMs);
  await Promise.all(
    [...byDelay].map(async ([delayMs, group]) => {
      if (delayMs !== null) {
        await sendTasks(env, queue, idsOf(group), { delayMs, clock, chance });
      }
    }),
  );
}

function idsOf(tasks: readonly SettledTask[]): string[] {
  return tasks.map(({ row }) => row.id);
}

function isRevoked({ settled }: SettledTask): boolean {
  return settled?.status === "REVOKED";
}

async function callHook(
  definition: TaskDefinition,
  settlements: Settlement[],
  context: LeaseContext,
): Promise<void> {
  if (!definition.settled) {
    return;
  }
  const signal = AbortSignal.timeout(HOOK_MS);
  const timeout = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });
  await Promise.race([definition.settled(settlements, { ...context, signal }), timeout]);
}

function changeOf({ row, outcome, settled }: SettledTask): TaskChange[] {
  if (!settled) {
    return [];
  }
  const stages = outcome === "suspect" ? [] : (outcome.stages ?? []);
  const { status, error_code: code, error_message: message } = settled;
  return [
    taskChange(row, {
      status,
      stages: stages.map(({ event }) => event),
      ...(code === null ? {} : { error: { code, message: message ?? "" } }),
    }),
  ];
}

function settlementOf({ row: { id, subject }, settled }: SettledTask): Settlement[] {
  if (!settled) {
    return [];
  }
  const { status, error_code: code, error_detail: detail } = settled;
  return [
    {
      id,
      subject,
      status,
      errorCode: isFinal(status) ? code : null,
      errorDetail: detail === null ? null : (parseExact(detail) as Record<string, unknown>),
    },
  ];
}
