import { version } from "../package.json";
import { configOf } from "./config";
import { catalogueOf } from "./orders/catalogues";
import { RECOVERY_NAME } from "./tasks/recovery-alarm";

/** What the overview says of the parts around the engine. The catalogue is as this isolate sees it. */
export async function systemInfo(env: Env): Promise<Record<string, unknown>> {
  const { catalogueUrl } = configOf(env);
  const { breaker, lastAnswerAt } = catalogueOf(env);
  const recovery = await env.RECOVERY.getByName(RECOVERY_NAME)
    .status()
    .catch(() => null);
  return {
    version,
    recovery: recovery && {
      last_run_at: iso(recovery.lastRunAt),
      next_run_at: iso(recovery.nextRunAt),
      runs: recovery.runs,
      failed_runs: recovery.failedRuns,
      lapsed_leases: recovery.lapsedLeases,
      resent_tasks: recovery.resentTasks,
      lost_tasks: recovery.lostTasks,
      last_error: recovery.lastError && {
        at: iso(recovery.lastError.at),
        message: recovery.lastError.message,
      },
    },
    catalogue: {
      source: catalogueUrl === "" ? "embedded" : new URL(catalogueUrl).host,
      breaker: breaker.isOpen(Date.now()) ? "open" : "closed",
      last_answer_at: iso(lastAnswerAt || null),
    },
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
