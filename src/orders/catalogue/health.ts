/**
 * Whether the catalogue is down, or a product of it sick: a pure judgement of what calls came to.
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
import { dropFirst } from "../../lib/drop-first";

/** Products known to have answered, of which some are asked when in doubt. */
const PROVEN_KEPT = 32;
const PROVEN_FAILED = 3;
/** Different products in a row, where none is known to have ever answered. */
const UNPROVEN_FAILED = 5;
const SICK_KEPT = 500;
const FIRST_SICK_MS = 5000;
const MAX_SICK_MS = 60_000;
const FIRST_PROBE_MS = 5000;
export const MAX_PROBE_MS = 60_000;

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

/** All that is worth keeping when its holder ends. */
export interface HealthState {
  down: Outage | null;
  lastAnswerAt: number;
  lastError: { at: number; product: string; why: string } | null;
  proven: string[];
  sick: [product: string, sickness: Sickness][];
}

/** A call that was begun; `seq` is its number. */
export interface Asked {
  product: string;
  seq: number;
}

interface Trouble {
  at: number;
  why: string;
  retryAfterMs?: number;
  /** It is unknown, if it is the catalogue that said so. */
  missing?: boolean;
}

/** A product that is not there, and when that was said. */
interface Missing {
  product: string;
  at: number;
}

interface Suspicion extends Trouble {
  /** The number of the call that failed. */
  asked: number;
  /** Calls with a greater number began after it failed. */
  seq: number;
}

export class Health {
  #seq = 0;
  #down: Outage | null;
  /** Calls with a greater number began while it was down. */
  #downSeq = 0;
  #lastAnswerAt: number;
  #lastError: HealthState["lastError"];
  /** The latest to answer last. */
  readonly #proven: Set<string>;
  readonly #sick: Map<string, Sickness>;
  /** The latest to fail last. */
  readonly #suspects = new Map<string, Suspicion>();

  constructor(state?: HealthState) {
    this.#down = state?.down ?? null;
    this.#lastAnswerAt = state?.lastAnswerAt ?? 0;
    this.#lastError = state?.lastError ?? null;
    this.#proven = new Set(state?.proven);
    this.#sick = new Map(state?.sick);
  }

  get state(): HealthState {
    return {
      down: this.#down,
      lastAnswerAt: this.#lastAnswerAt,
      lastError: this.#lastError,
      proven: [...this.#proven],
      sick: [...this.#sick],
    };
  }

  get down(): Outage | null {
    return this.#down;
  }

  get lastAnswerAt(): number {
    return this.#lastAnswerAt;
  }

  /** Something failed, and it is not known whether by itself. */
  get inDoubt(): boolean {
    return this.#suspects.size > 0 && !this.#down;
  }

  isSuspect(product: string): boolean {
    return this.#suspects.has(product);
  }

  sickness(product: string): Sickness | undefined {
    return this.#sick.get(product);
  }

  ask(product: string): Asked {
    this.#seq += 1;
    return { product, seq: this.#seq };
  }

  /** Whether there are products that would tell a catalogue that lacks one from a host that lost it. */
  get doubtsMissing(): boolean {
    return this.#proven.size > 0;
  }

  /** A product is said not to be there, where others were: see `answered`. */
  missing(asked: Asked, why: string, now: number): void {
    this.#suspect(asked, { at: now, why, missing: true });
  }

  /** The catalogue said what it knows of a product. Returns those that are proven to be missing. */
  answered({ product, seq }: Asked, isProduct: boolean, now: number): Missing[] {
    const missing: Missing[] = [];
    this.#lastAnswerAt = now;
    this.#sick.delete(product);
    this.#suspects.delete(product);
    if (isProduct) {
      this.#proven.delete(product);
      this.#proven.add(product);
      dropFirst(this.#proven, PROVEN_KEPT);
    }
    if (this.#down && seq > this.#downSeq) {
      this.#down = null;
      this.#suspects.clear();
    }
    for (const [suspect, suspicion] of this.#down ? [] : this.#suspects) {
      if (suspicion.seq >= seq) {
        continue;
      }
      this.#suspects.delete(suspect);
      if (suspicion.missing) {
        this.#proven.delete(suspect);
        this.#sick.delete(suspect);
        missing.push({ product: suspect, at: suspicion.at });
      } else {
        this.#fallSick(suspect, suspicion);
      }
    }
    return missing;
  }

  /** A product's trouble, or the catalogue's. */
  failed(asked: Asked, why: string, now: number, retryAfterMs = 0): void {
    this.#lastError = { at: now, product: asked.product, why };
    this.#suspect(asked, { at: now, why, retryAfterMs });
  }

  /** A page of another kind, say: the catalogue's trouble, if others can tell; else the product's. */
  unusable(asked: Asked, why: string, now: number): void {
    const { product } = asked;
    if (this.#proven.size > 0 || this.#down) {
      this.failed(asked, why, now);
    } else {
      this.#lastError = { at: now, product, why };
      this.#fallSick(product, { at: now, why });
    }
  }

  /** The request's own trouble, which says nothing of the catalogue: nor that it is back. */
  refused(asked: Asked, why: string, now: number): void {
    this.distrust(asked.product);
    if (this.#down) {
      this.failed(asked, why, now);
    }
  }

  /** A call came to nothing that says how the catalogue is: it is not to be asked for that. */
  distrust(product: string): void {
    this.#proven.delete(product);
  }

  /** The clock went back: what was noted lies in the future now, and nothing must wait for it. */
  setBack(now: number): void {
    if (this.#down) {
      this.#down = { ...this.#down, since: Math.min(this.#down.since, now), probeAt: now };
    }
    this.#lastAnswerAt = Math.min(this.#lastAnswerAt, now);
    this.#sick.clear();
    this.#suspects.clear();
  }

  /** Nothing more can be asked to settle a doubt: nobody answers. */
  nothingAnswers(now: number): void {
    const last = [...this.#suspects.values()].at(-1);
    if (last) {
      this.fallDown(last.why, now, last.retryAfterMs);
    }
  }

  fallDown(why: string, now: number, retryAfterMs = 0): void {
    if (!this.#down) {
      const probeAt = now + Math.max(FIRST_PROBE_MS, retryAfterMs);
      this.#down = { since: now, why, pauseMs: FIRST_PROBE_MS, probeAt };
      this.#downSeq = this.#seq;
    }
  }

  /** The product to ask so that a doubt is settled, unless a call that may settle it is under way. */
  check(underWay: readonly Asked[]): string | undefined {
    const last = Math.max(...[...this.#suspects.values()].map(({ seq }) => seq));
    return !this.inDoubt ||
      underWay.some(({ product, seq }) => seq > last && !this.#suspects.has(product))
      ? undefined
      : [...this.#proven].findLast((product) => !this.#suspects.has(product));
  }

  /**
   * The product to find it back with, in turns one that answered before and one of `wanted`, for
   * either may be all that is left; of several the one that did not fail, or longest ago. Not one
   * that is sick by itself.
   */
  probe(wanted: readonly string[]): string | undefined {
    const known = [...this.#proven].toReversed();
    const well = wanted.filter((product) => !this.#sick.has(product));
    const failedFirst = [...this.#suspects.keys()];
    const longestAgo = (products: readonly (string | undefined)[]) =>
      products.find((product) => product !== undefined && !this.#suspects.has(product)) ??
      failedFirst.find((product) => products.includes(product));
    const longer = known.length > well.length ? known : well;
    return longestAgo(longer.flatMap((_, i) => [known[i], well[i]])) ?? longestAgo(wanted);
  }

  #suspect({ product, seq }: Asked, trouble: Trouble): void {
    const { at, why, retryAfterMs = 0 } = trouble;
    this.#suspects.delete(product);
    this.#suspects.set(product, { ...trouble, asked: seq, seq: this.#seq });
    if (!this.#down) {
      this.#judge(why, at, retryAfterMs);
    } else if (seq > this.#downSeq) {
      const pauseMs = Math.min(this.#down.pauseMs * 2, MAX_PROBE_MS);
      const probeAt = at + Math.max(pauseMs, retryAfterMs);
      this.#down = { ...this.#down, why, pauseMs, probeAt };
    }
  }

  #judge(why: string, now: number, retryAfterMs: number): void {
    const [first] = this.#suspects.values();
    const proven = [...this.#proven];
    const someLeft = proven.some((product) => !this.#suspects.has(product));
    // What was under way as the doubt arose fails at once, be it one shelf or the whole house.
    const askedSince = proven.filter(
      (product) => (this.#suspects.get(product)?.asked ?? 0) > (first?.seq ?? 0),
    );
    if (
      askedSince.length >= PROVEN_FAILED ||
      (!someLeft && this.#suspects.size >= UNPROVEN_FAILED)
    ) {
      this.fallDown(why, now, retryAfterMs);
    }
  }

  #fallSick(product: string, { at, why, retryAfterMs = 0 }: Trouble): void {
    const { since = at, failures = 0 } = this.#sick.get(product) ?? {};
    const pauseMs = Math.min(FIRST_SICK_MS * 2 ** Math.min(failures, 10), MAX_SICK_MS);
    const until = at + Math.max(pauseMs, retryAfterMs);
    this.#sick.delete(product);
    this.#sick.set(product, { since, failures: failures + 1, failedAt: at, until, why });
    this.#proven.delete(product);
    dropFirst(this.#sick, SICK_KEPT);
  }
}
