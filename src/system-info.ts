import { version } from "../package.json";
import { configOf } from "./config";
import { catalogueStatus } from "./orders/catalogue/catalogue";
import { registryStorage } from "./orders/pipeline/registry";
import type { CatalogueStatus } from "./orders/catalogue/desk.do";
import { recoveryOf } from "./tasks/recovery/recovery-alarm";

/** Returns what the overview says about the parts around the engine. */
export async function systemInfo(env: Env): Promise<Record<string, unknown>> {
  const { catalogueUrl } = configOf(env);
  const [recovery, status, registry] = await Promise.all([
    recoveryOf(env)
      .status()
      .catch(() => null),
    catalogueStatus(env),
    registryStorage(env),
  ]);
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
    registry: registry && { bytes: registry.bytes, limit_bytes: registry.limit },
    catalogue: {
      source: catalogueUrl === "" ? "embedded" : new URL(catalogueUrl).host,
      ...(status === null ? { breaker: "unknown" } : viewCatalogue(status)),
    },
  };
}

function viewCatalogue(status: CatalogueStatus): Record<string, unknown> {
  const { down, lastAnswerAt, lastError, sick, sickCount, perSecond, waiting } = status;
  return {
    breaker: down ? "open" : "closed",
    down_since: iso(down && down.since),
    next_try_at: iso(down && down.probeAt),
    last_answer_at: iso(lastAnswerAt || null),
    last_error: lastError && {
      at: iso(lastError.at),
      product: lastError.product,
      message: lastError.why,
    },
    sick_products: sick.map(({ product, since, failures, nextAt, why }) => ({
      product,
      since: iso(since),
      failures,
      next_try_at: iso(nextAt),
      message: why,
    })),
    sick_count: sickCount,
    calls_per_second: perSecond && Math.round(perSecond * 100) / 100,
    orders_asking: waiting,
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
