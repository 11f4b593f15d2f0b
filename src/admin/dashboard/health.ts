/** The judgement at the top of the dashboard finds from plain facts what is wrong. */
import type { CatalogueStatus } from "../../orders/catalogue/desk.do";
import { CATALOGUE_WAITING, REGISTRY_UNAVAILABLE } from "../../orders/order/errors";
import { type Storage, takesWork, usedShare } from "../../db/storage";
import type { Backlog } from "../../tasks/statistics/backlog";
import type { QueueState } from "../queues/queue-state";
import type { Pause } from "../../tasks/model/pauses";
import type { OpenTroubles } from "../../tasks/statistics/troubles";
import type { Worker } from "../../tasks/statistics/workers";

/**
 * Recovery should break a lapsed lease sooner than this, so an older one means that it is silent.
 */
const SILENT_MS = 60_000;
const MANY_RESENT = 20;
const PRODUCTS_NAMED = 5;
/** From these shares of the room on, the dashboard warns, and warns strongly. */
const FILLING_SHARE = 0.8;
const SHORT_SHARE = 0.95;

/** Fewer failures than this prove nothing. */
const MIN_FAILED = 5;
/** Fewer ended tasks than this do not show what is normal. */
const MIN_ENDED_BEFORE = 100;
const TIMES_NORMAL = 2;
const MIN_SHARE = 0.05;
/** Without a known normal share, failures from this share on are alarming. */
const ALARMING_SHARE = 0.5;

/** Ends counts how tasks ended in a stretch of time. */
interface Ends {
  success: number;
  failure: number;
}

export interface HealthFacts {
  now: number;
  queues: { backlog: Backlog; state: QueueState }[];
  workers: readonly Worker[];
  /** `lately` covers the last minutes, `before` the days before them. */
  lately: Ends;
  before: Ends;
  deadLetters: number;
  open: OpenTroubles;
  storage: Storage;
  /** `registry` is the storage of the registry's fullest object; null when it could not be read. */
  registry: Storage | null;
  /** `catalogue` is the state that the catalogue's desk reports; null when it could not be read. */
  catalogue: Pick<CatalogueStatus, "down" | "sick" | "sickCount" | "sickSince"> | null;
}

export type Finding =
  | { kind: "storageFull" | "storageShort" | "storageFilling"; storage: Storage }
  | { kind: "registryFilling"; storage: Storage }
  | { kind: "stalled"; backlog: Backlog; oldestMs: number }
  | { kind: "silent"; worker: string; sinceMs: number }
  | { kind: "failures"; share: number; failed: number; normal: number | null }
  | { kind: "catalogueDown"; sinceMs: number; why: string; waiting: number; capped: boolean }
  | { kind: "sickProducts"; sinceMs: number; count: number; products: string[]; why: string }
  | { kind: "catalogue" | "registryDown"; waiting: number; capped: boolean }
  | { kind: "deadLetters"; count: number }
  | { kind: "paused"; pause: Pause; held: number; capped: boolean }
  | { kind: "resends"; count: number };

/** GRAVE findings need somebody now; the others are known or pass by themselves. */
const GRAVE: ReadonlySet<Finding["kind"]> = new Set([
  "storageFull",
  "storageShort",
  "stalled",
  "silent",
  "failures",
]);

export function isGrave({ kind }: Finding): boolean {
  return GRAVE.has(kind);
}

/** Returns the findings, the gravest first. */
export function findings(facts: HealthFacts): Finding[] {
  const { now, queues, workers, deadLetters, open, catalogue } = facts;
  const found: Finding[] = [];
  const room = roomOf(facts.storage);
  if (room === "storageFull" || room === "storageShort") {
    found.push({ kind: room, storage: facts.storage });
  }
  for (const { backlog, state } of queues) {
    if (state === "stalled" && backlog.oldestMs !== null) {
      found.push({ kind: "stalled", backlog, oldestMs: backlog.oldestMs });
    }
  }
  for (const { worker, expiresAt } of workers) {
    if (now - expiresAt >= SILENT_MS) {
      found.push({ kind: "silent", worker, sinceMs: now - expiresAt });
    }
  }
  const excess = excessOf(facts);
  if (excess) {
    found.push({ kind: "failures", ...excess });
  }
  const waiting = open.waitingFor.get(CATALOGUE_WAITING) ?? 0;
  const { capped } = open;
  if (catalogue?.down) {
    const { since, why } = catalogue.down;
    found.push({ kind: "catalogueDown", sinceMs: now - since, why, waiting, capped });
  } else if (waiting > 0) {
    found.push({ kind: "catalogue", waiting, capped });
  }
  const [latest] = catalogue?.sick ?? [];
  if (catalogue && latest && !catalogue.down) {
    const products = catalogue.sick.slice(0, PRODUCTS_NAMED).map(({ product }) => product);
    const { sickCount: count, sickSince } = catalogue;
    const sinceMs = now - sickSince;
    found.push({ kind: "sickProducts", sinceMs, count, products, why: latest.why });
  }
  const unregistered = open.waitingFor.get(REGISTRY_UNAVAILABLE) ?? 0;
  if (unregistered > 0) {
    found.push({ kind: "registryDown", waiting: unregistered, capped });
  }
  if (deadLetters > 0) {
    found.push({ kind: "deadLetters", count: deadLetters });
  }
  for (const { backlog } of queues) {
    if (backlog.pause) {
      const held = backlog.due + backlog.waiting;
      found.push({ kind: "paused", pause: backlog.pause, held, capped: backlog.capped });
    }
  }
  if (room === "storageFilling") {
    found.push({ kind: room, storage: facts.storage });
  }
  if (facts.registry && usedShare(facts.registry) >= FILLING_SHARE) {
    found.push({ kind: "registryFilling", storage: facts.registry });
  }
  if (open.resent >= MANY_RESENT) {
    found.push({ kind: "resends", count: open.resent });
  }
  return found;
}

function roomOf(storage: Storage) {
  const share = usedShare(storage);
  if (!takesWork(storage)) {
    return "storageFull";
  }
  return share >= SHORT_SHARE ? "storageShort" : share >= FILLING_SHARE ? "storageFilling" : null;
}

/** Returns the share that failed lately if it is clearly greater than usual, else null. */
function excessOf({ lately, before }: HealthFacts) {
  const share = shareOf(lately);
  const known = before.success + before.failure >= MIN_ENDED_BEFORE;
  const normal = known ? shareOf(before) : null;
  const limit = normal === null ? ALARMING_SHARE : Math.max(TIMES_NORMAL * normal, MIN_SHARE);
  return lately.failure >= MIN_FAILED && share > limit
    ? { share, failed: lately.failure, normal }
    : null;
}

function shareOf({ success, failure }: Ends): number {
  return success + failure === 0 ? 0 : failure / (success + failure);
}
