/**
 * Everything that asks the catalogue: six calls at a time, in fair turns, no faster than it allows,
 * and not at all while it is down but for a probe. Callers wait for what comes soon and are told
 * how long the rest takes; calls go on meanwhile, and what they find is kept for who comes again.
 *
 * A product that takes much longer than others is dropped when others wait for its place, and asked
 * again among the slow, which have half of the places at most. So it costs nobody else any time.
 */
import type { Clock } from "../../lib/clock";
import { dropFirst } from "../../lib/drop-first";
import { Asks, type Need, type Verdict } from "./asks";
import type { CallResult } from "./call";
import { type Asked, Health, type HealthState, type Outage, type Sickness } from "./health";
import { Pace, type PaceState } from "./pace";
import type { Product } from "./product";
import { Slowness } from "./slowness";

/** What the catalogue says of a product, and when it was asked. Unix milliseconds. */
export type Answer = { askedAt: number } & (
  | { kind: "product"; product: Product }
  | { kind: "unknown" }
  | { kind: "refused"; why: string }
);

export interface Found {
  /** By product, whatever its age. */
  answers: Map<string, Answer>;
  /** By product: it fails by itself. */
  sick: Map<string, Sickness>;
  down: Outage | null;
  /** By task, of those that lack an answer still: about how many milliseconds it takes. */
  waits: Map<string, number>;
}

export interface DeskState {
  /** The latest moment it knows of. */
  at: number;
  health: HealthState;
  pace: PaceState;
}

export interface DeskOptions {
  clock: Clock;
  call(product: string, dropped: AbortSignal): Promise<CallResult>;
  /** It was down, and has answered. */
  onHealed(): void;
  /** After every call: `state` may be another. */
  onCalled(): void;
  state?: DeskState | undefined;
}

const CALLS_AT_ONCE = 6;
const SLOW_AT_ONCE = 3;
const MAX_ANSWERS = 20_000;
/**
 * What is asked for orders at once, in products: they must all have come while the first are kept,
 * and are good for them, even if it takes twice as long as it should.
 */
const MAX_BEGUN = 5000;
const BEGUN_MS = 200_000;
const MAX_WANTED = 64;
/** How long a caller waits at most, and without news of what it wants. */
const MAX_WAIT_MS = 5000;
const QUIET_MS = 500;
/** The same, in times what calls take as a rule. */
const QUIET_CALLS = 4;
/** Products of a lookup are all looked at after a call, so the more there are the more rarely. */
const LOOKED_AT_PER_MS = 100;
/** For how long callers are told to stay away. */
const NEXT_MS = { min: 500, max: 30_000 };
/** Told to wait so often, and for so long not answered, is down too. */
const LIMITED = { inARow: 5, forMs: 60_000 };
/** A clock that goes back by less mends itself in that time. */
const SET_BACK_MS = 60_000;

const OPEN: ReadonlySet<Verdict | undefined> = new Set(["ask", "later"] as const);

interface Call {
  asked: Asked;
  startedAt: number;
  slow: boolean;
  drop: AbortController;
}

export class Desk {
  readonly #options: DeskOptions;
  readonly #health: Health;
  readonly #pace: Pace;
  readonly #asks = new Asks();
  /** The first asked first. */
  readonly #answers = new Map<string, Answer>();
  readonly #calls = new Map<string, Call>();
  readonly #slowness = new Slowness();
  /** Products wanted last, to have some to probe with. */
  #wanted: string[];
  #latestAt: number;
  #called = Promise.withResolvers<void>();
  #cancelWake: () => void = () => undefined;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#latestAt = options.state?.at ?? 0;
    this.#health = new Health(options.state?.health);
    this.#pace = new Pace(options.state?.pace);
    const failed = options.state?.health.lastError?.product;
    this.#wanted = failed === undefined ? [] : [failed];
  }

  get state(): DeskState {
    return { at: this.#latestAt, health: this.#health.state, pace: this.#pace.state };
  }

  /** Orders that wait for an answer. */
  get waiting(): number {
    return this.#asks.orders;
  }

  /** Answers what is known soon of what the orders need. */
  async lookup(needs: readonly Need[]): Promise<Found> {
    this.#watchClock();
    const until = this.#options.clock() + MAX_WAIT_MS;
    this.#wanted = needs.flatMap(({ products }) => products).slice(0, MAX_WANTED);
    let open = this.#openOf(needs);
    let newsAt = this.#options.clock();
    for (;;) {
      for (const need of this.#health.down ? [] : open) {
        this.#asks.keep(need, this.#options.clock());
      }
      this.pump();
      const left = this.#openOf(open);
      const now = this.#options.clock();
      newsAt = productsOf(left) < productsOf(open) ? now : newsAt;
      open = left;
      const patience = Math.min(until, newsAt + this.#patienceMs()) - now;
      // More than a caller waits at most is a clock that went back: it asks again by the new time.
      if (
        this.#isOver(open) ||
        patience <= 0 ||
        patience > MAX_WAIT_MS ||
        !(await endsWithin(this.#called.promise, patience))
      ) {
        return this.#found(needs, this.#openOf(open));
      }
      await pause(Math.min(productsOf(open) / LOOKED_AT_PER_MS, QUIET_MS / 2));
    }
  }

  /** Starts what may start, and comes back when more may. */
  pump(): void {
    this.#watchClock();
    const { down } = this.#health;
    for (;;) {
      const now = this.#options.clock();
      const wait = Math.max(this.#pace.waitMs(now), (down?.probeAt ?? 0) - now);
      if (wait > 0) {
        this.#wakeIn(wait);
        return;
      }
      const product = this.#next(now);
      if (product === undefined) {
        break;
      }
      this.#start(product, now);
    }
    if (this.#calls.size === 0 && this.#health.inDoubt) {
      this.#health.nothingAnswers(this.#options.clock());
      this.#asks.clear();
      this.pump();
    } else if (this.#calls.size >= CALLS_AT_ONCE) {
      this.#dropSlow();
    }
  }

  /** Lets nobody wait for a time that was, when the clock went back. */
  #watchClock(): void {
    const now = this.#options.clock();
    if (this.#latestAt - now > SET_BACK_MS) {
      this.#health.setBack(now);
      this.#pace.setBack();
      this.#answers.clear();
      this.#latestAt = now;
    }
    this.#latestAt = Math.max(this.#latestAt, now);
  }

  #next(now: number): string | undefined {
    const { size } = this.#calls;
    if (this.#health.down) {
      return size === 0 ? this.#health.probe(this.#wanted) : undefined;
    }
    if (size >= CALLS_AT_ONCE) {
      return undefined;
    }
    const calls = [...this.#calls.values()];
    const check = this.#health.check(calls.map(({ asked }) => asked));
    if (check !== undefined && !this.#calls.has(check)) {
      return check;
    }
    const slow = calls.filter((call) => call.slow).length;
    const room = Math.min(MAX_BEGUN, BEGUN_MS / this.#callMs());
    const among = (wanted: boolean) =>
      this.#asks.next(
        (product, need) => {
          const verdict = this.#judge(product, need);
          return verdict === "ask" && this.#isSlow(product) !== wanted ? "later" : verdict;
        },
        now,
        room,
      );
    // The slow ones have one place before all others, or they would wait for ever.
    return (
      (slow === 0 ? among(true) : undefined) ??
      among(false) ??
      (slow < SLOW_AT_ONCE ? among(true) : undefined)
    );
  }

  #start(product: string, now: number): void {
    const asked = this.#health.ask(product);
    const drop = new AbortController();
    const call: Call = { asked, startedAt: now, slow: this.#isSlow(product), drop };
    this.#calls.set(product, call);
    this.#pace.started(now);
    void this.#await(call);
  }

  async #await(call: Call): Promise<void> {
    const { product } = call.asked;
    const result = await this.#options.call(product, call.drop.signal);
    const wasDown = this.#health.down !== null;
    this.#calls.delete(product);
    this.#end(call, result, this.#options.clock());
    if (this.#health.down) {
      this.#asks.clear();
    } else if (wasDown) {
      this.#options.onHealed();
    }
    this.#called.resolve();
    this.#called = Promise.withResolvers();
    this.pump();
    this.#options.onCalled();
  }

  #end({ asked, startedAt }: Call, result: CallResult, now: number): void {
    const { product } = asked;
    if (result.kind === "dropped") {
      this.#health.distrust(product);
      this.#slowness.dropped(product);
      return;
    }
    if (result.kind === "limited") {
      this.#pace.limited(result.retryAfterMs, now);
      const unansweredMs = now - this.#health.lastAnswerAt;
      if (this.#pace.limitedInARow >= LIMITED.inARow && unansweredMs >= LIMITED.forMs) {
        this.#health.fallDown(result.why, now);
      }
      return;
    }
    this.#pace.served(now);
    if (result.kind === "failed") {
      this.#health.failed(asked, result.why, now, result.retryAfterMs ?? 0);
    } else if (result.kind === "unusable") {
      this.#health.unusable(asked, result.why, now);
    } else if (result.kind === "missing" && this.#health.doubtsMissing) {
      this.#health.missing(asked, result.why, now);
    } else {
      // Not of the future, though the clock went back meanwhile: nobody would take it for an answer.
      const askedAt = Math.min(startedAt, now);
      if (result.kind === "refused") {
        this.#keep(product, { ...result, askedAt });
        this.#health.refused(asked, result.why, now);
        return;
      }
      const answer = result.kind === "missing" ? ({ kind: "unknown" } as const) : result;
      this.#keep(product, { ...answer, askedAt });
      this.#slowness.answered(product, now - startedAt);
      for (const { product: other, at } of this.#health.answered(
        asked,
        answer.kind === "product",
        now,
      )) {
        this.#keep(other, { kind: "unknown", askedAt: at });
      }
    }
  }

  #keep(product: string, answer: Answer): void {
    this.#answers.delete(product);
    this.#answers.set(product, answer);
    dropFirst(this.#answers, MAX_ANSWERS);
  }

  #isSlow(product: string): boolean {
    return this.#slowness.isSlow(product) || this.#health.sickness(product) !== undefined;
  }

  /** Makes place for those who wait, at the cost of what takes much longer than others. */
  #dropSlow(): void {
    const now = this.#options.clock();
    const after = this.#slowness.afterMs;
    const fast = [...this.#calls.values()].filter(({ slow }) => !slow);
    const over = fast.filter(({ startedAt }) => now - startedAt >= after);
    if (over.length > 0) {
      const waits = this.#asks.some(
        (product, need) => this.#judge(product, need) === "ask" && !this.#isSlow(product),
      );
      for (const { drop } of waits ? over : []) {
        drop.abort();
      }
    }
    const next = Math.min(...fast.map(({ startedAt }) => startedAt + after - now));
    if (next > 0 && next < Infinity) {
      this.#wakeIn(next);
    }
  }

  #judge(product: string, { notBefore }: Need): Verdict {
    const answer = this.#answers.get(product);
    if (answer && answer.askedAt >= notBefore) {
      return answer.kind === "product" ? "settled" : "doomed";
    }
    if (this.#calls.has(product) || this.#health.isSuspect(product)) {
      return "later";
    }
    return (this.#health.sickness(product)?.until ?? 0) > this.#options.clock() ? "paused" : "ask";
  }

  /** The needs that an answer may still come for, with the products they lack. */
  #openOf(needs: readonly Need[]): Need[] {
    const open: Need[] = [];
    for (const need of needs) {
      const verdicts = need.products.map((product) => this.#judge(product, need));
      const products = need.products.filter((_, index) => OPEN.has(verdicts[index]));
      if (products.length > 0 && !verdicts.includes("doomed")) {
        open.push({ ...need, products });
      }
    }
    return open;
  }

  #found(needs: readonly Need[], open: readonly Need[]): Found {
    const found: Found = {
      answers: new Map(),
      sick: new Map(),
      down: this.#health.down,
      waits: new Map(open.map((need) => [need.taskId, this.#waitMs(need)])),
    };
    for (const { taskId, products } of needs) {
      if (!found.waits.has(taskId)) {
        this.#asks.remove(taskId);
      }
      for (const product of products) {
        const answer = this.#answers.get(product);
        if (answer) {
          found.answers.set(product, answer);
        }
        const sickness = this.#health.sickness(product);
        if (sickness) {
          found.sick.set(product, sickness);
        }
      }
    }
    return found;
  }

  /** Whether nothing comes soon that an order lacks. */
  #isOver(open: readonly Need[]): boolean {
    const now = this.#options.clock();
    const patience = this.#patienceMs();
    // Nobody waits for a call that an earlier caller has waited for already.
    const isLong = (product: string) =>
      this.#slowness.isSlow(product) ||
      now - (this.#calls.get(product)?.startedAt ?? now) >= patience;
    const idle = this.#calls.size === 0;
    return (
      (idle && (this.#health.down !== null || this.#pace.waitMs(now) > QUIET_MS)) ||
      open.every(({ products }) => products.every(isLong))
    );
  }

  #patienceMs(): number {
    const { typicalMs } = this.#slowness;
    return typicalMs === 0 ? MAX_WAIT_MS : Math.max(QUIET_MS, QUIET_CALLS * typicalMs);
  }

  /** Orders take turns, so an order's products take as many rounds, of a call for each order. */
  #waitMs(need: Need): number {
    const calls = Math.min(need.products.length * this.#asks.orders, this.#asks.products);
    const ms = this.#pace.waitMs(this.#options.clock()) + calls * this.#callMs();
    return Math.round(Math.min(Math.max(ms, NEXT_MS.min), NEXT_MS.max));
  }

  /** From one call to the next. */
  #callMs(): number {
    const { perSecond } = this.#pace.state;
    return Math.max(this.#slowness.typicalMs / CALLS_AT_ONCE, 1000 / (perSecond ?? Infinity));
  }

  #wakeIn(ms: number): void {
    this.#cancelWake();
    const timer = setTimeout(() => this.pump(), ms);
    this.#cancelWake = () => clearTimeout(timer);
  }
}

function productsOf(needs: readonly Need[]): number {
  return needs.reduce((sum, { products }) => sum + products.length, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function endsWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
