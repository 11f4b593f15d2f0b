/**
 * This file counts what the platform counts per invocation (a request, a batch, an alarm, a call of
 * an object): queries to D1, and connections that wait for their answer.
 *
 * https://developers.cloudflare.com/d1/platform/limits/ (1,000 queries per invocation, paid)
 * https://developers.cloudflare.com/workers/platform/limits/ (6 simultaneous open connections; more
 * wait for one of them)
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { tick } from "./clock";

const CONNECTIONS = 6;
const QUERIES = 1000;

class Invocation {
  queries = 0;
  #open = 0;
  readonly #waiting: (() => void)[] = [];

  async connect<T>(call: () => Promise<T>): Promise<T> {
    if (this.#open >= CONNECTIONS) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#open += 1;
    }
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next) {
        next(); // the next call takes over this place
      } else {
        this.#open -= 1;
      }
    }
  }
}

const current = new AsyncLocalStorage<Invocation>();

/** Runs an event's handler as an invocation of its own. */
export function invoke<T>(handler: () => T): T {
  tick();
  return current.run(new Invocation(), handler);
}

/**
 * Makes a call to a service. It takes one of six connections, and only its answer moves the clock.
 */
export async function connect<T>(call: () => Promise<T>): Promise<T> {
  try {
    const invocation = current.getStore();
    return await (invocation ? invocation.connect(call) : call());
  } finally {
    tick();
  }
}

/**
 * Throws if an invocation sends more queries than it may. Outside an invocation nothing is counted.
 */
export function countQueries(n: number): void {
  const invocation = current.getStore();
  if (invocation) {
    invocation.queries += n;
    if (invocation.queries > QUERIES) {
      // The platform's words for this are not documented.
      throw new Error("Too many API requests by single Worker invocation.");
    }
  }
}
