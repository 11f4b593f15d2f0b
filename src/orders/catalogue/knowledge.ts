/** Knowledge is what the desk has learnt from its calls. Times are Unix milliseconds. */
import { Answers } from "./answers";
import type { Need, Verdict } from "./asks";
import type { CallResult } from "./call";
import type { Call } from "./calls";
import { CatalogueHealth, type HealthState } from "./health";
import { Pace, type PaceState } from "./pace";
import { callEveryMs } from "./patience";
import { Slowness } from "./slowness";

/** KnowledgeState is the part that is worth keeping. */
export interface KnowledgeState {
  health: HealthState;
  pace: PaceState;
}

/** A catalogue that says "wait" this often in a row and answers nothing for this long is down. */
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

  /** The time from one call to the next, in milliseconds. */
  get callMs(): number {
    return callEveryMs(this.slowness.typicalMs, this.pace.state.perSecond);
  }

  isSlow(product: string): boolean {
    return this.slowness.isSlow(product) || this.health.sickness(product) !== undefined;
  }

  /** Judges what is to become of a product that no call is under way for. */
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
    // The clock may have gone back, and an answer from the future would not be taken for one.
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

  /** Forgets times after the clock went back, so that nobody waits for a time that was. */
  setBack(now: number): void {
    this.health.setBack(now);
    this.pace.setBack();
    this.answers.clear();
  }
}
