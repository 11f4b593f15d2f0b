/** Keeps what calls to the catalogue came to, as judgement.ts judges it. Times are Unix milliseconds. */
import { dropFirst } from "../../lib/drop-first";
import {
  type Asked,
  isDown,
  type Known,
  type Outage,
  outageOf,
  productToCheck,
  productToProbe,
  prolonged,
  type Sickness,
  sickened,
  type Suspicion,
  type Trouble,
} from "./judgement";

/** Products known to have answered, of which some are asked when in doubt. */
const PROVEN_KEPT = 32;
const SICK_KEPT = 500;

/** All that is worth keeping when its holder ends. */
export interface HealthState {
  down: Outage | null;
  lastAnswerAt: number;
  lastError: { at: number; product: string; why: string } | null;
  proven: string[];
  sick: [product: string, sickness: Sickness][];
}

/** A product that is not there, and when that was said. */
interface Missing {
  product: string;
  at: number;
}

export class CatalogueHealth {
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
      this.fallDown({ ...last, at: now });
    }
  }

  fallDown(trouble: Trouble): void {
    if (!this.#down) {
      this.#down = outageOf(trouble);
      this.#downSeq = this.#seq;
    }
  }

  /** See productToCheck. */
  check(underWay: readonly Asked[]): string | undefined {
    return this.inDoubt ? productToCheck(this.#known, underWay) : undefined;
  }

  /** See productToProbe. */
  probe(wanted: readonly string[]): string | undefined {
    return productToProbe(this.#known, wanted);
  }

  get #known(): Known {
    return { proven: this.#proven, suspects: this.#suspects, sick: this.#sick };
  }

  #suspect({ product, seq }: Asked, trouble: Trouble): void {
    this.#suspects.delete(product);
    this.#suspects.set(product, { ...trouble, asked: seq, seq: this.#seq });
    if (!this.#down) {
      if (isDown(this.#known)) {
        this.fallDown(trouble);
      }
    } else if (seq > this.#downSeq) {
      this.#down = prolonged(this.#down, trouble);
    }
  }

  #fallSick(product: string, trouble: Trouble): void {
    const sickness = sickened(this.#sick.get(product), trouble);
    this.#sick.delete(product);
    this.#sick.set(product, sickness);
    this.#proven.delete(product);
    dropFirst(this.#sick, SICK_KEPT);
  }
}
