/**
 * This is everything that asks the catalogue: six calls at a time, in fair turns, no faster than it
 * allows, and only a probe while it is down. Callers wait for what comes soon and are told how long
 * the rest takes. Calls go on meanwhile, and their answers are kept for who comes again.
 *
 * A product that takes much longer than others is dropped when others wait for its place, and asked
 * again among the slow ones, which have half of the places at most. So it costs others no time.
 */
import type { Clock } from "../../lib/clock";
import type { Answer } from "./answers";
import { Asks, type Need, type Verdict } from "./asks";
import type { CallResult } from "./call";
import { type Call, Calls } from "./calls";
import type { Outage, Sickness } from "./judgement";
import { Knowledge, type KnowledgeState } from "./knowledge";
import {
  awayMs,
  endsWithin,
  lookEveryMs,
  MAX_WAIT_MS,
  patienceMs,
  sleep,
  NO_NEWS_MS,
} from "./patience";

export interface Found {
  /** The answers by product, whatever their age. */
  answers: Map<string, Answer>;
  /** The products that fail by themselves. */
  sick: Map<string, Sickness>;
  down: Outage | null;
  /** The wait in about milliseconds, by the ids of tasks that still lack an answer. */
  waits: Map<string, number>;
}

export interface DeskState extends KnowledgeState {
  /** The latest moment that the desk knows of, in Unix milliseconds. */
  at: number;
}

export interface DeskOptions {
  clock: Clock;
  call(product: string, dropped: AbortSignal): Promise<CallResult>;
  /** Is called when the catalogue was down and has answered. */
  onHealed(): void;
  /** Is called after every call to the catalogue, as `state` may have changed. */
  onCalled(): void;
  state?: DeskState | undefined;
}

/**
 * Orders that began have at most this many products together: all must be answered while the first
 * answers are still good for their order, even if it takes twice as long as it should.
 */
const MAX_BEGUN = 5000;
const BEGUN_MS = 200_000;
const MAX_WANTED = 64;
/** A clock that goes back by less than this makes up for it within this time. */
const SET_BACK_MS = 60_000;

const OPEN: ReadonlySet<Verdict | undefined> = new Set(["ask", "later"] as const);

export class CatalogueRequests {
  readonly #options: DeskOptions;
  readonly #known: Knowledge;
  readonly #asks = new Asks();
  readonly #calls = new Calls();
  /** The products that were wanted last, to have some to probe with. */
  #wanted: string[];
  #latestAt: number;
  #called = Promise.withResolvers<void>();
  #cancelWake: () => void = () => undefined;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#latestAt = options.state?.at ?? 0;
    this.#known = new Knowledge(options.state);
    const failed = options.state?.health.lastError?.product;
    this.#wanted = failed === undefined ? [] : [failed];
  }

  get state(): DeskState {
    return { at: this.#latestAt, ...this.#known.state };
  }

  /** The number of orders that wait for an answer. */
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
      for (const need of this.#known.health.down ? [] : open) {
        this.#asks.keep(need, this.#options.clock());
      }
      this.pump();
      const left = this.#openOf(open);
      const now = this.#options.clock();
      newsAt = productsOf(left) < productsOf(open) ? now : newsAt;
      open = left;
      const patience = Math.min(until, newsAt + patienceMs(this.#known.slowness.typicalMs)) - now;
      // A patience over MAX_WAIT_MS is of a clock that went back; the caller asks again by the new
      // time.
      if (
        this.#isOver(open) ||
        patience <= 0 ||
        patience > MAX_WAIT_MS ||
        !(await endsWithin(this.#called.promise, patience))
      ) {
        return this.#found(needs, this.#openOf(open));
      }
      await sleep(lookEveryMs(productsOf(open)));
    }
  }

  /** Starts the calls that may start, and sets a timer for when more may. */
  pump(): void {
    this.#watchClock();
    const { down } = this.#known.health;
    for (;;) {
      const now = this.#options.clock();
      const wait = Math.max(this.#known.pace.waitMs(now), (down?.probeAt ?? 0) - now);
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
    if (this.#calls.isIdle && this.#known.health.inDoubt) {
      this.#known.health.nothingAnswers(this.#options.clock());
      this.#asks.clear();
      this.pump();
    } else if (this.#calls.isFull) {
      this.#dropSlow();
    }
  }

  /** Keeps everybody from waiting for a time that was, when the clock went back. */
  #watchClock(): void {
    const now = this.#options.clock();
    if (this.#latestAt - now > SET_BACK_MS) {
      this.#known.setBack(now);
      this.#latestAt = now;
    }
    this.#latestAt = Math.max(this.#latestAt, now);
  }

  #next(now: number): string | undefined {
    if (this.#known.health.down) {
      return this.#calls.isIdle ? this.#known.health.probe(this.#wanted) : undefined;
    }
    if (this.#calls.isFull) {
      return undefined;
    }
    const check = this.#known.health.check(this.#calls.underWay);
    if (check !== undefined && !this.#calls.isFor(check)) {
      return check;
    }
    for (const turn of this.#calls.turns) {
      const product = this.#nextAmong(turn, now);
      if (product !== undefined) {
        return product;
      }
    }
    return undefined;
  }

  #nextAmong(turn: "slow" | "fast", now: number): string | undefined {
    const judge = (product: string, need: Need) => {
      const verdict = this.#judge(product, need);
      return verdict === "ask" && this.#known.isSlow(product) !== (turn === "slow")
        ? "later"
        : verdict;
    };
    return this.#asks.next(judge, now, Math.min(MAX_BEGUN, BEGUN_MS / this.#known.callMs));
  }

  #start(product: string, now: number): void {
    const asked = this.#known.health.ask(product);
    const drop = new AbortController();
    const call: Call = { asked, startedAt: now, slow: this.#known.isSlow(product), drop };
    this.#calls.add(call);
    this.#known.pace.started(now);
    void this.#await(call);
  }

  async #await(call: Call): Promise<void> {
    const { product } = call.asked;
    const result = await this.#options.call(product, call.drop.signal);
    const wasDown = this.#known.health.down !== null;
    this.#calls.remove(call);
    this.#known.learn(call, result, this.#options.clock());
    if (this.#known.health.down) {
      this.#asks.clear();
    } else if (wasDown) {
      this.#options.onHealed();
    }
    this.#called.resolve();
    this.#called = Promise.withResolvers();
    this.pump();
    this.#options.onCalled();
  }

  /** Makes room for products that wait, by dropping calls that take much longer than others. */
  #dropSlow(): void {
    const now = this.#options.clock();
    const after = this.#known.slowness.afterMs;
    const { fast } = this.#calls;
    const over = fast.filter(({ startedAt }) => now - startedAt >= after);
    if (over.length > 0) {
      const waits = this.#asks.some(
        (product, need) => this.#judge(product, need) === "ask" && !this.#known.isSlow(product),
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

  #judge(product: string, need: Need): Verdict {
    const verdict = this.#known.judge(product, need, this.#options.clock());
    const isUnderWay = (verdict === "ask" || verdict === "paused") && this.#calls.isFor(product);
    return isUnderWay ? "later" : verdict;
  }

  /** Returns the needs that an answer may still come for, with the products they lack. */
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
      down: this.#known.health.down,
      waits: new Map(open.map((need) => [need.taskId, this.#waitMs(need)])),
    };
    for (const { taskId, products } of needs) {
      if (!found.waits.has(taskId)) {
        this.#asks.remove(taskId);
      }
      for (const product of products) {
        const answer = this.#known.answers.get(product);
        if (answer) {
          found.answers.set(product, answer);
        }
        const sickness = this.#known.health.sickness(product);
        if (sickness) {
          found.sick.set(product, sickness);
        }
      }
    }
    return found;
  }

  /** Tells whether no answer that an order lacks will come soon. */
  #isOver(open: readonly Need[]): boolean {
    const now = this.#options.clock();
    const patience = patienceMs(this.#known.slowness.typicalMs);
    // A call that an earlier caller has waited for already is not waited for again.
    const isLong = (product: string) =>
      this.#known.slowness.isSlow(product) || this.#calls.ageMs(product, now) >= patience;
    const isHeldUp = this.#known.health.down !== null || this.#known.pace.waitMs(now) > NO_NEWS_MS;
    return (this.#calls.isIdle && isHeldUp) || open.every(({ products }) => products.every(isLong));
  }

  /** Estimates an order's wait: each of its products takes a round, of a call for each order. */
  #waitMs(need: Need): number {
    const calls = Math.min(need.products.length * this.#asks.orders, this.#asks.products);
    const ms = this.#known.pace.waitMs(this.#options.clock()) + calls * this.#known.callMs;
    return awayMs(ms);
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
