const FAILURES_TO_OPEN = 5;
const FIRST_OPEN_MS = 10_000;
const MAX_OPEN_MS = 300_000;

/**
 * Circuit breaker. After five failures in a row it is open: nobody calls. When its time is up one
 * call may probe: success closes it, failure opens it for twice as long, up to five minutes.
 */
export class Breaker {
  #failures = 0;
  #openMs = FIRST_OPEN_MS;
  /** 0 while closed. */
  #openUntil = 0;
  #probing = false;

  isOpen(now: number): boolean {
    return now < this.#openUntil;
  }

  /** Whether a call may go out now. After an opening, true once: the probe. */
  allow(now: number): boolean {
    if (this.#openUntil === 0) {
      return true;
    }
    if (this.isOpen(now)) {
      return false;
    }
    // A probe that never reports must not keep the breaker half open for ever.
    this.#openUntil = now + this.#openMs;
    this.#probing = true;
    return true;
  }

  succeed(): void {
    this.#failures = 0;
    this.#openMs = FIRST_OPEN_MS;
    this.#openUntil = 0;
    this.#probing = false;
  }

  fail(now: number): void {
    this.#failures += 1;
    if (this.#probing) {
      this.#probing = false;
      this.#openMs = Math.min(this.#openMs * 2, MAX_OPEN_MS);
      this.#openUntil = now + this.#openMs;
    } else if (this.#failures === FAILURES_TO_OPEN) {
      this.#openUntil = now + this.#openMs;
    }
  }
}
