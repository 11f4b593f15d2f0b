/**
 * These pure functions judge whether the catalogue is down or a product of it sick; health.ts keeps
 * what they judge by.
 *
 * A failure alone says neither. It makes its product suspect until a call that began after it is
 * answered: then the catalogue is up, and the suspect is sick by itself. Products that have answered
 * before are asked to find that out. The catalogue is down only when several of these, asked since,
 * fail in a row, or nothing is left that could answer. What failed meanwhile is then held neither
 * against its product nor against an order. A product that is said to be missing is doubted too, as a
 * host that lost its catalogue says so of all products.
 *
 * Calls are numbered in the order in which they began, as the clock stands still between I/O. Times
 * are Unix milliseconds.
 */
const PROVEN_FAILED = 3;
/** This many different products must fail in a row where none is known to have answered. */
const UNPROVEN_FAILED = 5;
const FIRST_SICK_MS = 5000;
const MAX_SICK_MS = 60_000;
const FIRST_PROBE_MS = 5000;
export const MAX_PROBE_MS = 60_000;

/** Asked is a call that was begun; `seq` is its number. */
export interface Asked {
  product: string;
  seq: number;
}

export interface Trouble {
  at: number;
  why: string;
  retryAfterMs?: number;
  /** Whether a product was said to be missing, perhaps not by the catalogue. */
  missing?: boolean;
}

export interface Suspicion extends Trouble {
  /** The number of the call that failed. */
  asked: number;
  /** The number of the last call before the failure was known; later calls began after it. */
  seq: number;
}

export interface Sickness {
  since: number;
  failures: number;
  failedAt: number;
  /** The time before which it is not asked. */
  until: number;
  why: string;
}

export interface Outage {
  since: number;
  why: string;
  /** The pause between probes of the catalogue, in milliseconds. */
  pauseMs: number;
  probeAt: number;
}

/** Known is what is known of products. */
export interface Known {
  /** The products that answered; the latest to answer is last. */
  proven: ReadonlySet<string>;
  /** The products that failed, and may not be to blame; the latest to fail is last. */
  suspects: ReadonlyMap<string, Suspicion>;
  sick: ReadonlyMap<string, Sickness>;
}

/** Tells whether it is the catalogue that failed. */
export function isDown({ proven, suspects }: Known): boolean {
  const [first] = suspects.values();
  const answered = [...proven];
  const someLeft = answered.some((product) => !suspects.has(product));
  // A call under way as the doubt arose proves nothing: it fails whether one product or all are
  // lost.
  const askedSince = answered.filter(
    (product) => (suspects.get(product)?.asked ?? 0) > (first?.seq ?? 0),
  );
  return askedSince.length >= PROVEN_FAILED || (!someLeft && suspects.size >= UNPROVEN_FAILED);
}

/** Returns the product to ask to settle a doubt, unless a call that may settle it is under way. */
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
 * Returns the product to probe the catalogue with: in turns one that answered before and one of
 * `wanted`, as either may be all that is left. It prefers one that did not fail, then the one that
 * failed longest ago, and passes over wanted ones that are sick by themselves.
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

/** Makes the outage of a catalogue that went down now. */
export function outageOf({ at, why, retryAfterMs = 0 }: Trouble): Outage {
  const probeAt = at + Math.max(FIRST_PROBE_MS, retryAfterMs);
  return { since: at, why, pauseMs: FIRST_PROBE_MS, probeAt };
}

/** Returns the outage after a probe failed. */
export function prolonged(outage: Outage, { at, why, retryAfterMs = 0 }: Trouble): Outage {
  const pauseMs = Math.min(outage.pauseMs * 2, MAX_PROBE_MS);
  return { ...outage, why, pauseMs, probeAt: at + Math.max(pauseMs, retryAfterMs) };
}

/** Returns the sickness of a product that failed by itself, again if it was sick `before`. */
export function sickened(
  before: Sickness | undefined,
  { at, why, retryAfterMs = 0 }: Trouble,
): Sickness {
  const { since = at, failures = 0 } = before ?? {};
  const pauseMs = Math.min(FIRST_SICK_MS * 2 ** Math.min(failures, 10), MAX_SICK_MS);
  const until = at + Math.max(pauseMs, retryAfterMs);
  return { since, failures: failures + 1, failedAt: at, until, why };
}
