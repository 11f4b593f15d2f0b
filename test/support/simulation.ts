/**
 * A deployment over hours of its own time: the real engine, D1 and registry, a queue in memory, and
 * a clock that only the test moves. Recovery looks when its alarm would; what is visible in the
 * queue is delivered at once. Wants a faked Date.
 */
import { env as realEnv } from "cloudflare:workers";
import { vi } from "vitest";
import { configOf } from "../../src/config";
import { enqueueOrders } from "../../src/orders/ingest";
import { consume } from "../../src/tasks/consumer";
import { recover } from "../../src/tasks/recover";
import { orderEngine, testEnv } from "./engine";
import { batchOf, bindingOf } from "../platform/batch";
import { StrictQueue, type Waiting } from "../platform/queue";
import { clearTasks } from "./recount";

const BATCH = 100;

export interface Ends {
  /** Tasks by state. */
  tasks: Record<string, number>;
  stored: number;
  leases: number;
  /** Attempts of the task that had most. */
  attempts: number;
}

export class Simulation {
  readonly queue = new StrictQueue();
  readonly env: Env;
  /** As recovery's object remembers it. */
  #looked = Date.now();
  /** What the platform makes of a delivery; batches run side by side. */
  platform: (messages: Waiting[]) => Waiting[][] = inBatches;

  constructor(overrides: Partial<Record<keyof Env, unknown>> = {}) {
    this.env = testEnv({
      RECOVERY: { getByName: () => ({ arm: () => Promise.resolve() }) },
      QUEUE_ORDERS: bindingOf(this.queue),
      ...overrides,
    });
    Reflect.deleteProperty(this.env, "QUEUE_TASKS");
  }

  static async clear(): Promise<void> {
    const tables = ["orders"];
    await clearTasks();
    await realEnv.DB.batch(tables.map((table) => realEnv.DB.prepare(`DELETE FROM ${table}`)));
  }

  async accept(orders: readonly unknown[]): Promise<string[]> {
    const accepted = await enqueueOrders(this.env, orders, null);
    if (accepted === "conflict") {
      throw new Error("unexpected conflict");
    }
    return accepted.taskIds;
  }

  /** Lets time pass in the steps of recovery. */
  async run(ms: number, onStep: () => Promise<unknown> = async () => undefined): Promise<void> {
    const step = configOf(this.env).recoveryMs;
    for (let passed = 0; passed < ms; passed += step) {
      await this.deliver();
      vi.setSystemTime(Date.now() + step);
      const now = Date.now();
      await recover(this.env, now, this.#looked);
      this.#looked = now;
      await onStep();
    }
    await this.deliver();
  }

  /** Delivers what is visible until nothing is. */
  async deliver(): Promise<void> {
    for (let due = this.queue.visible(); due.length > 0; due = this.queue.visible()) {
      await Promise.all(
        this.platform(this.queue.take(due)).map((messages) => this.#consume(messages)),
      );
    }
  }

  /** All messages are gone. */
  lose(): void {
    this.queue.drop(this.queue.messages);
  }

  async #consume(messages: Waiting[]): Promise<void> {
    const { batch, answers } = batchOf(messages);
    await consume(batch, this.env, orderEngine);
    for (const message of messages) {
      const answer = answers.get(message.id);
      if (answer === undefined) {
        throw new Error("a message was neither acked nor retried");
      }
      if (answer === "ack") {
        this.queue.drop([message]);
      } else {
        this.queue.takeBack(message, answer.delayMs);
      }
    }
  }

  async ends(): Promise<Ends> {
    const [byStatus, others] = await realEnv.DB.batch([
      realEnv.DB.prepare("SELECT status, count(*) AS n FROM tasks GROUP BY 1"),
      realEnv.DB.prepare(
        `SELECT (SELECT count(*) FROM orders) AS stored, (SELECT count(*) FROM leases) AS leases,
           (SELECT max(attempts) FROM tasks) AS attempts`,
      ),
    ]);
    const states = byStatus?.results as { status: string; n: number }[];
    const rest = others?.results[0] as Omit<Ends, "tasks"> | undefined;
    const tasks = Object.fromEntries(states.map(({ status, n }) => [status, n]));
    return { tasks, ...(rest ?? { stored: 0, leases: 0, attempts: 0 }) };
  }
}

export function inBatches(messages: Waiting[]): Waiting[][] {
  const batches: Waiting[][] = [];
  for (let start = 0; start < messages.length; start += BATCH) {
    batches.push(messages.slice(start, start + BATCH));
  }
  return batches;
}
