/**
 * This file runs a desk before a catalogue of the test's own, in time that only the test moves. It
 * needs every timer faked.
 */
import { vi } from "vitest";
import type { Need } from "../../src/orders/catalogue/asks";
import type { CallResult } from "../../src/orders/catalogue/call";
import { CatalogueRequests, type DeskState, type Found } from "../../src/orders/catalogue/desk";

/** A Reply is what a product's call results in, and after how long. */
export interface Reply {
  ms?: number;
  result: CallResult | ((now: number) => CallResult);
}

const TIMEOUT_MS = 10_000;

export const good = (id: string, ms = 20): Reply => ({
  ms,
  result: { kind: "product", product: { id, title: `Product ${id}`, unitPrice: 100 } },
});
export const failing = (ms = 20): Reply => ({
  ms,
  result: { kind: "failed", why: "it answered 503", retryAfterMs: null },
});
export const hanging = (): Reply => ({
  ms: TIMEOUT_MS,
  result: { kind: "failed", why: "it did not answer in time", retryAfterMs: null },
});
export const unknown = (ms = 20): Reply => ({ ms, result: { kind: "unknown" } });
export const missing = (ms = 20): Reply => ({
  ms,
  result: { kind: "missing", why: "it answered 404" },
});
export const refused = (ms = 20): Reply => ({
  ms,
  result: { kind: "refused", why: "it answered 400" },
});
export const unusable = (ms = 20): Reply => ({
  ms,
  result: { kind: "unusable", why: "its answer has no usable price" },
});

export class DeskWorld {
  reply: (product: string) => Reply;
  readonly asked: string[] = [];
  readonly most = { atOnce: 0 };
  healed = 0;
  desk: CatalogueRequests;
  #atOnce = 0;

  constructor(reply: (product: string) => Reply = (id) => good(id), state?: DeskState) {
    this.reply = reply;
    this.desk = this.#make(state);
  }

  /** Restarts the desk: it then knows only what it had written down. */
  restart(): void {
    this.desk = this.#make(JSON.parse(JSON.stringify(this.desk.state)) as DeskState);
  }

  /** Starts a lookup and lets time pass until it is answered. */
  async lookup(...needs: Need[]): Promise<Found> {
    const looking = { found: undefined as Found | undefined };
    const ended = this.desk.lookup(needs).then((found) => (looking.found = found));
    while (!looking.found) {
      await vi.advanceTimersByTimeAsync(20);
    }
    return ended;
  }

  #make(state: DeskState | undefined): CatalogueRequests {
    return new CatalogueRequests({
      clock: () => Date.now(),
      call: (product, dropped) => this.#call(product, dropped),
      onHealed: () => (this.healed += 1),
      onCalled: () => undefined,
      state,
    });
  }

  async #call(product: string, dropped: AbortSignal): Promise<CallResult> {
    this.asked.push(product);
    this.#atOnce += 1;
    this.most.atOnce = Math.max(this.most.atOnce, this.#atOnce);
    const { ms = 20, result } = this.reply(product);
    const value = await new Promise<CallResult>((resolve) => {
      const now = Date.now();
      const timer = setTimeout(
        () => resolve(typeof result === "function" ? result(now) : result),
        ms,
      );
      dropped.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve({ kind: "dropped" });
      });
    });
    this.#atOnce -= 1;
    return value;
  }
}

let needs = 0;

export function aNeed(products: (string | number)[], overrides: Partial<Need> = {}): Need {
  needs += 1;
  return {
    taskId: `task-${needs}`,
    sender: "key:1",
    products: products.map(String),
    notBefore: Date.now() - 60_000,
    ...overrides,
  };
}

/** Returns the state of a product as the asker learns it. */
export function stateOf(found: Found, product: string | number): string {
  const id = String(product);
  if (found.down) {
    return "down";
  }
  return found.answers.get(id)?.kind ?? (found.sick.has(id) ? "sick" : "waiting");
}
