/** Health keeps what calls came to; judgement.ts judges it. Times are Unix milliseconds. */
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

/** This many products known to have answered are kept, so that some can be asked when in doubt. */
const PROVEN_KEPT = 32;
const SICK_KEPT = 500;

/** HealthState is all that is worth keeping when its holder ends. */
export interface HealthState {
  down: Outage | null;
  lastAnswerAt: number;
  lastError: { at: number; product: string; why: string } | null;
  proven: string[];
  sick: [product: string, sickness: Sickness][];
}

/** Missing is a product that does not exist, and when the catalogue said so. */
interface Missing {
  product: string;
  at: number;
}

export class CatalogueHealth {
  #seq = 0;
  #down: Outage | null;
  /** The number of the last call that began before it went down. */
  #downSeq = 0;
  #lastAnswerAt: number;
  #lastError: HealthState["lastError"];
  /** The products that answered; the latest to answer is last. */
  readonly #proven: Set<string>;
  readonly #sick: Map<string, Sickness>;
  /** The products that may be to blame for a failure; the latest to fail is last. */
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

  /** Whether something failed and it is not known whether by itself. */
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

  /** Whether some product would tell a catalogue that lacks one from a host that lost all. */
  get doubtsMissing(): boolean {
    return this.#proven.size > 0;
  }

  /** Notes that a product is said to be missing, which counts once another product is answered. */
  missing(asked: Asked, why: string, now: number): void {
    this.#suspect(asked, { at: now, why, missing: true });
  }

  /** Notes an answer on a product. Returns the products that are now proven to be missing. */
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

  /** Notes a failure, which is the product's trouble or the catalogue's. */
  failed(asked: Asked, why: string, now: number, retryAfterMs = 0): void {
    this.#lastError = { at: now, product: asked.product, why };
    this.#suspect(asked, { at: now, why, retryAfterMs });
  }

  /**
   * Notes an answer that is no product: the catalogue's trouble if others can tell, else its own.
   */
  unusable(asked: Asked, why: string, now: number): void {
    const { product } = asked;
    if (this.#proven.size > 0 || this.#down) {
      this.failed(asked, why, now);
    } else {
      this.#lastError = { at: now, product, why };
      this.#fallSick(product, { at: now, why });
    }
  }

  /**
   * Notes a refusal. It is the request's own trouble, and does not say that the catalogue is back.
   */
  refused(asked: Asked, why: string, now: number): void {
    this.distrust(asked.product);
    if (this.#down) {
      this.failed(asked, why, now);
    }
  }

  /** Stops asking a product about the catalogue's health, as a call for it told nothing. */
  distrust(product: string): void {
    this.#proven.delete(product);
  }

  /** Moves or drops times after the clock went back, so that nothing waits for the future. */
  setBack(now: number): void {
    if (this.#down) {
      this.#down = { ...this.#down, since: Math.min(this.#down.since, now), probeAt: now };
    }
    this.#lastAnswerAt = Math.min(this.#lastAnswerAt, now);
    this.#sick.clear();
    this.#suspects.clear();
  }

  /** Notes that nothing is left to ask that could settle the doubt: the catalogue is down. */
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

  /** Returns what productToCheck says, while in doubt. */
  check(underWay: readonly Asked[]): string | undefined {
    return this.inDoubt ? productToCheck(this.#known, underWay) : undefined;
  }

  /** Returns what productToProbe says. */
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
