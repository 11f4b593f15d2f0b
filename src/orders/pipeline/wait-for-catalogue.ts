/**
 * Whether an order that lacks a product waits for the catalogue, is tried again at the cost of an
 * attempt, or fails is decided here. Whether the catalogue is down, or only a product sick, was judged
 * before, from everything that was asked: see catalogue/judgement.ts.
 */
import type { BackoffPolicy } from "../../tasks/model/backoff";
import type { Outcome, Task } from "../../tasks/model/define";
import type { NoProduct } from "./enrich";
import { reasonOf, type OrderError } from "../order/errors";

/** An order waits this long while its catalogue is down: 10 s growing to 5 min. */
export const OUTAGE_WAIT: BackoffPolicy = { baseMs: 10_000, maxMs: 300_000 };
/** An order waits at least this long for products that are still being asked. */
const ASKED_WAIT_MS = 500;
const MAX_ASKED_WAIT_MS = 10_000;

/** Search is what an order remembers of its search, from run to run, in Unix milliseconds. */
export interface Search {
  since: number;
  /** The time since which it has found the catalogue down; null while it is up. */
  downSince: number | null;
  /** The time of its last run: a product that failed before did not fail for this order. */
  ranAt: number;
}

/** Seeker is an order as far as it matters here. */
interface Seeker {
  search: Search;
  deferrals: number;
  maxAgeMs: number;
  now: number;
}

type Run = Pick<Task<unknown>, "attempt" | "deferrals" | "checkpoint">;

/** Returns the search so far. A first run, and the first after a person's retry, begins anew. */
export function searchOf({ attempt, deferrals, checkpoint }: Run, now: number): Search {
  const begun = { since: now, downSince: null, ranAt: now };
  return attempt === 1 && deferrals === 0
    ? begun
    : { ...begun, ...(checkpoint as Partial<Search> | null) };
}

/** Forgets that the catalogue was down, as an order that waits for something else does not ask it. */
export function interrupted(search: Search): Search {
  return { ...search, downSince: null };
}

/**
 * Decides the outcome of an order that lacks a product. It waits while the catalogue is slow, in
 * demand or down, as that is not its fault, but for one that is down only `maxAgeMs` from when it first
 * found it so. A product that fails by itself uses up an attempt each time it was asked. A wait without
 * `delayMs` is an OUTAGE_WAIT.
 */
export function waitForCatalogue(
  lack: NoProduct,
  { search, deferrals, maxAgeMs, now }: Seeker,
): Outcome {
  const { sku } = lack;
  // The desk has another clock, by which a failure that was counted must not count again.
  const ranAt = lack.kind === "sick" ? Math.max(now, lack.failedAt + 1) : now;
  const searched: Search = { ...search, downSince: null, ranAt };
  const wait = (error: OrderError, checkpoint: Search, delayMs?: number): Outcome => ({
    kind: "defer",
    reason: reasonOf(error),
    checkpoint,
    delayMs,
  });
  switch (lack.kind) {
    case "refused":
      return { kind: "reject", reason: reasonOf({ ...lack, kind: "catalogue_failed" }) };
    case "down": {
      const downSince = search.downSince ?? now;
      return now - downSince >= maxAgeMs
        ? { kind: "reject", reason: reasonOf({ ...lack, kind: "catalogue_unavailable" }) }
        : wait({ kind: "catalogue_waiting", sku, down: lack.why }, { ...searched, downSince });
    }
    case "sick": {
      const error = { kind: "catalogue_failed", sku, why: lack.why } as const;
      return lack.failedAt >= search.ranAt
        ? { kind: "retry", reason: reasonOf(error), checkpoint: searched }
        : wait(error, searched, Math.max(lack.until - now, 0));
    }
    case "not_known": {
      const growing = Math.min(ASKED_WAIT_MS * 2 ** Math.min(deferrals, 10), MAX_ASKED_WAIT_MS);
      const error = { kind: "catalogue_waiting", sku, down: null } as const;
      return wait(error, searched, Math.max(lack.waitMs, growing));
    }
    default:
      return lack satisfies never;
  }
}
