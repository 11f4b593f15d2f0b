/**
 * Whether the catalogue is down, or a product of it sick: pure judgements of what is known. health.ts
 * keeps that.
 *
 * A failure alone says neither. It makes its product suspect, until a call that began after it is
 * answered: then the catalogue is up, and what was suspect is sick by itself. Products that have
 * answered before are asked for just that. Only when several of these, asked since, fail in a row,
 * or nothing is left that could answer, is the catalogue down; nothing that failed in the meantime
 * is held against its product, or against an order. A product that is said to be missing is doubted
 * likewise: a host that lost its catalogue says so of all.
 *
 * Calls are numbered in the order they began: the clock stands still between I/O. Times are Unix
 * milliseconds.
 */
const PROVEN_FAILED = 3;
/** Different products in a row, where none is known to have ever answered. */
const UNPROVEN_FAILED = 5;
const FIRST_SICK_MS = 5000;
const MAX_SICK_MS = 60_000;
const FIRST_PROBE_MS = 5000;
export const MAX_PROBE_MS = 60_000;

/** A call that was begun; `seq` is its number. */
export interface Asked {
  product: string;
  seq: number;
}

export interface Trouble {
  at: number;
  why: string;
  retryAfterMs?: number;
  /** It is unknown, if it is the catalogue that said so. */
  missing?: boolean;
}

export interface Suspicion extends Trouble {
  /** The number of the call that failed. */
  asked: number;
  /** Calls with a greater number began after it failed. */
  seq: number;
}

export interface Sickness {
  since: number;
  failures: number;
  failedAt: number;
  /** It is not asked before. */
  until: number;
  why: string;
}

export interface Outage {
  since: number;
  why: string;
  /** Between calls that probe it. */
  pauseMs: number;
  probeAt: number;
}

/** What is known of products. */
export interface Known {
  /** Those that answered, the latest to answer last. */
  proven: ReadonlySet<string>;
  /** Those that failed, and may not be to blame; the latest to fail last. */
  suspects: ReadonlyMap<string, Suspicion>;
  sick: ReadonlyMap<string, Sickness>;
}

/** Whether what failed is the catalogue. */
export function isDown({ proven, suspects }: Known): boolean {
  const [first] = suspects.values();
  const answered = [...proven];
  const someLeft = answered.some((product) => !suspects.has(product));
  // What was under way as the doubt arose fails at once, be it one shelf or the whole house.
  const askedSince = answered.filter(
    (product) => (suspects.get(product)?.asked ?? 0) > (first?.seq ?? 0),
  );
  return askedSince.length >= PROVEN_FAILED || (!someLeft && suspects.size >= UNPROVEN_FAILED);
}

/** The product to ask so that a doubt is settled, unless a call that may settle it is under way. */
export function productToCheck(
  { proven, suspects }: Known,
  underWay: readonly Asked[],
): string | undefined {
  const last = Math.max(...[...suspects.values()].map(({ seq }) => seq));
  return underWay.some(({ product, seq }) => seq > last && !suspects.has(product))
    ? undefined
    : [...proven].findLast((product) => !suspects.has(product));
}

/**
 * The product to find it back with, in turns one that answered before and one of `wanted`, for
 * either may be all that is left; of several the one that did not fail, or longest ago. Not one
 * that is sick by itself.
 */
export function productToProbe(
  { proven, suspects, sick }: Known,
  wanted: readonly string[],
): string | undefined {
  const known = [...proven].toReversed();
  const well = wanted.filter((product) => !sick.has(product));
  const failedFirst = [...suspects.keys()];
  const longestAgo = (products: readonly (string | undefined)[]) =>
    products.find((product) => product !== undefined && !suspects.has(product)) ??
    failedFirst.find((product) => products.includes(product));
  const longer = known.length > well.length ? known : well;
  return longestAgo(longer.flatMap((_, i) => [known[i], well[i]])) ?? longestAgo(wanted);
}

/** It went down now. */
export function outageOf({ at, why, retryAfterMs = 0 }: Trouble): Outage {
  const probeAt = at + Math.max(FIRST_PROBE_MS, retryAfterMs);
  return { since: at, why, pauseMs: FIRST_PROBE_MS, probeAt };
}

/** A probe of it failed. */
export function prolonged(outage: Outage, { at, why, retryAfterMs = 0 }: Trouble): Outage {
  const pauseMs = Math.min(outage.pauseMs * 2, MAX_PROBE_MS);
  return { ...outage, why, pauseMs, probeAt: at + Math.max(pauseMs, retryAfterMs) };
}

/** A product failed by itself: again, if it was sick `before`. */
export function sickened(
  before: Sickness | undefined,
  { at, why, retryAfterMs = 0 }: Trouble,
): Sickness {
  const { since = at, failures = 0 } = before ?? {};
  const pauseMs = Math.min(FIRST_SICK_MS * 2 ** Math.min(failures, 10), MAX_SICK_MS);
  const until = at + Math.max(pauseMs, retryAfterMs);
  return { since, failures: failures + 1, failedAt: at, until, why };
}
