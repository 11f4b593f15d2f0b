/** What the desk has learnt of the catalogue from its calls. Times are Unix milliseconds. */
import { Answers } from "./answers";
import type { Need, Verdict } from "./asks";
import type { CallResult } from "./call";
import type { Call } from "./calls";
import { CatalogueHealth, type HealthState } from "./health";
import { Pace, type PaceState } from "./pace";
import { callEveryMs } from "./patience";
import { Slowness } from "./slowness";

/** What of it is worth keeping. */
export interface KnowledgeState {
  health: HealthState;
  pace: PaceState;
}

/** Told to wait so often, and for so long not answered, is down too. */
const LIMITED = { inARow: 5, forMs: 60_000 };

export class Knowledge {
  readonly health: CatalogueHealth;
  readonly pace: Pace;
  readonly slowness = new Slowness();
  readonly answers = new Answers();

  constructor(state?: KnowledgeState) {
    this.health = new CatalogueHealth(state?.health);
    this.pace = new Pace(state?.pace);
  }

  get state(): KnowledgeState {
    return { health: this.health.state, pace: this.pace.state };
  }

  /** From one call to the next. */
  get callMs(): number {
    return callEveryMs(this.slowness.typicalMs, this.pace.state.perSecond);
  }

  isSlow(product: string): boolean {
    return this.slowness.isSlow(product) || this.health.sickness(product) !== undefined;
  }

  /** What is to become of a product of which no call is under way. */
  judge(product: string, { notBefore }: Need, now: number): Verdict {
    const answer = this.answers.get(product);
    if (answer && answer.askedAt >= notBefore) {
      return answer.kind === "product" ? "settled" : "doomed";
    }
    if (this.health.isSuspect(product)) {
      return "later";
    }
    return (this.health.sickness(product)?.until ?? 0) > now ? "paused" : "ask";
  }

  /** A call ended. */
  learn(call: Call, result: CallResult, now: number): void {
    if (result.kind === "dropped") {
      this.health.distrust(call.asked.product);
      this.slowness.dropped(call.asked.product);
    } else if (result.kind === "limited") {
      this.pace.limited(result.retryAfterMs, now);
      const unansweredMs = now - this.health.lastAnswerAt;
      if (this.pace.limitedInARow >= LIMITED.inARow && unansweredMs >= LIMITED.forMs) {
        this.health.fallDown({ at: now, why: result.why });
      }
    } else {
      this.pace.served(now);
      this.#served(call, result, now);
    }
  }

  #served(
    { asked, startedAt }: Call,
    result: Exclude<CallResult, { kind: "dropped" | "limited" }>,
    now: number,
  ): void {
    // Not of the future, though the clock went back meanwhile: nobody would take it for an answer.
    const askedAt = Math.min(startedAt, now);
    switch (result.kind) {
      case "failed":
        this.health.failed(asked, result.why, now, result.retryAfterMs ?? 0);
        return;
      case "unusable":
        this.health.unusable(asked, result.why, now);
        return;
      case "refused":
        this.answers.keep(asked.product, { ...result, askedAt });
        this.health.refused(asked, result.why, now);
        return;
      case "missing":
        if (this.health.doubtsMissing) {
          this.health.missing(asked, result.why, now);
          return;
        }
        break;
      case "product":
      case "unknown":
        break;
      default:
        result satisfies never;
    }
    const answer = result.kind === "product" ? result : ({ kind: "unknown" } as const);
    this.answers.keep(asked.product, { ...answer, askedAt });
    this.slowness.answered(asked.product, now - startedAt);
    for (const { product, at } of this.health.answered(asked, answer.kind === "product", now)) {
      this.answers.keep(product, { kind: "unknown", askedAt: at });
    }
  }

  /** The clock went back: nobody must wait for a time that was. */
  setBack(now: number): void {
    this.health.setBack(now);
    this.pace.setBack();
    this.answers.clear();
  }
}
