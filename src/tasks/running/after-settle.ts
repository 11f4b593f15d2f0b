import { parseExact } from "../../lib/exact-json";
import { log } from "../../log";
import type { RunContext, Settlement, TaskDefinition } from "../model/define";
import { changeOf, publish, type TaskChange } from "../model/publish";
import { undoRevoked } from "./revoke";
import { sendTasks } from "../accepting/sending";
import type { Run } from "./change";
import type { SettledRow } from "./settle";
import { isFinal } from "../model/states";

const HOOK_MS = 10_000;

/**
 * What follows a settle and may be lost: telling who watches, the messages of next slices (recovery
 * makes up for them), the domain's hook, and undoing what a task did that was cancelled while it
 * ran. Never throws.
 */
export async function afterSettle(
  runs: Run[],
  settled: Map<string, SettledRow>,
  resend: ReadonlyMap<string, number>,
  context: Omit<RunContext, "signal">,
): Promise<void> {
  const { env, clock, chance } = context;
  const jobs: Promise<unknown>[] = [publish(env, () => changesOf(runs, settled))];
  for (const [definition, group] of Map.groupBy(runs, (run) => run.definition)) {
    if (definition) {
      const rows = group.flatMap(({ row }) => settled.get(row.id) ?? []);
      const again = Map.groupBy(
        rows.filter(({ id }) => resend.has(id)),
        ({ id }) => resend.get(id) ?? 0,
      );
      const revoked = rows.filter(({ status }) => status === "REVOKED");
      jobs.push(
        ...[...again].map(([delayMs, group]) =>
          sendTasks(
            env,
            definition.queue,
            group.map(({ id }) => id),
            { delayMs, clock, chance },
          ),
        ),
        callHook(definition, settlementsOf(group, settled), context),
        undoRevoked(
          env,
          definition,
          revoked.map(({ id }) => id),
        ),
      );
    }
  }
  for (const result of await Promise.allSettled(jobs)) {
    if (result.status === "rejected") {
      log.warn("batch.after_settle_failed", { message: String(result.reason) });
    }
  }
}

async function callHook(
  definition: TaskDefinition,
  settlements: Settlement[],
  context: Omit<RunContext, "signal">,
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

function changesOf(runs: Run[], settled: Map<string, SettledRow>): TaskChange[] {
  return runs.flatMap(({ row, outcome }) => {
    const now = settled.get(row.id);
    if (!now) {
      return [];
    }
    const stages = outcome === "suspect" ? [] : (outcome.stages ?? []);
    const { status, error_code: code, error_message: message } = now;
    return changeOf(row, {
      status,
      stages: stages.map(({ event }) => event),
      ...(code === null ? {} : { error: { code, message: message ?? "" } }),
    });
  });
}

function settlementsOf(runs: Run[], settled: Map<string, SettledRow>): Settlement[] {
  return runs.flatMap(({ row: { id, subject } }) => {
    const now = settled.get(id);
    if (!now) {
      return [];
    }
    const { status, error_code: code, error_detail: detail } = now;
    return {
      id,
      subject,
      status,
      errorCode: isFinal(status) ? code : null,
      errorDetail: detail === null ? null : (parseExact(detail) as Record<string, unknown>),
    };
  });
}
