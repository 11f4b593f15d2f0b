/**
 * A Simulation is a deployment over hours of its own time: the real engine, D1 and registry, a
 * queue in memory, and a clock that only the test moves. Recovery looks when its alarm would, and
 * what is visible in the queue is delivered at once. It needs a faked Date.
 */
import { env as realEnv } from "cloudflare:workers";
import { vi } from "vitest";
import { configOf } from "../../src/config";
import { troubleBehind } from "../../src/db/trouble";
import { enqueueOrders } from "../../src/orders/intake/ingest";
import { consume } from "../../src/tasks/running/consumer";
import { consumeDeadLetters } from "../../src/tasks/running/dead-letters";
import { type Memory, recover } from "../../src/tasks/recovery/recover";
import { orderEngine, testEnv } from "./engine";
import { batchOf, bindingOf } from "../platform/batch";
import { type D1Rules, strictD1 } from "../platform/d1";
import { StrictQueue, type Waiting } from "../platform/queue";
import type { Answer } from "../platform/wire";
import { clearTasks } from "./recount";

const BATCH = 100;

export interface Ends {
  /** The number of tasks in each state. */
  tasks: Record<string, number>;
  stored: number;
  leases: number;
  /** The attempts of the task that had most. */
  attempts: number;
}

export class Simulation {
  readonly deadLetters = new StrictQueue();
  readonly queue: StrictQueue;
  readonly env: Env;
  /** `deadLettersRead` counts messages that the platform gave up on, as often as they were read. */
  deadLettersRead = 0;
  /** `database` says what D1 is like. */
  readonly database: D1Rules = {};
  /** `#memory` is what recovery's object remembers. */
  #memory: Memory = { latest: Date.now() };
  /** `platform` turns what is delivered into batches, which run side by side. */
  platform: (messages: Waiting[]) => Waiting[][] = inBatches;

  constructor(overrides: Partial<Record<keyof Env, unknown>> = {}, maxRetries = 100) {
    this.queue = new StrictQueue({ maxRetries, deadLetters: this.deadLetters });
    this.env = testEnv({
      DB: strictD1(realEnv.DB, this.database),
      RECOVERY: {
        getByName: () => ({ arm: async () => undefined, lookNow: async () => undefined }),
      },
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
    return accepted.taskIds;
  }

  /** Lets time pass in the steps of recovery. */
  async run(ms: number, onStep: () => Promise<unknown> = async () => undefined): Promise<void> {
    const step = configOf(this.env).recoveryMs;
    for (let passed = 0; passed < ms; passed += step) {
      await this.deliver();
      vi.setSystemTime(Date.now() + step);
      await this.#look(Date.now());
      await onStep();
    }
    await this.deliver();
  }

  async #look(now: number): Promise<void> {
    try {
      const { wellSince, postponedSince } = await recover(this.env, now, this.#memory);
      this.#memory = { latest: now, wellSince, postponedSince };
    } catch (error) {
      if (!troubleBehind(error)) {
        throw error;
      }
      this.#memory = { ...this.#memory, wellSince: null };
    }
  }

  /** Delivers what is visible until nothing is, dead letters first. */
  async deliver(): Promise<void> {
    for (let over = false; !over;) {
      const dead = this.deadLetters.visible();
      const due = this.queue.visible();
      this.deadLettersRead += dead.length;
      await Promise.all(
        inBatches(this.deadLetters.take(dead)).map((messages) => this.#bury(messages)),
      );
      await Promise.all(
        this.platform(this.queue.take(due)).map((messages) => this.#consume(messages)),
      );
      over = dead.length + due.length === 0;
    }
  }

  /** Loses all messages. */
  lose(): void {
    this.queue.drop(this.queue.messages);
  }

  async #consume(messages: Waiting[]): Promise<void> {
    const { batch, answers } = batchOf(messages);
    await consume(batch, this.env, orderEngine);
    answered(this.queue, messages, answers);
  }

  async #bury(messages: Waiting[]): Promise<void> {
    const { batch, answers } = batchOf(messages, "pedidos-dead-letters");
    await consumeDeadLetters(batch, this.env);
    answered(this.deadLetters, messages, answers);
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

function answered(queue: StrictQueue, messages: Waiting[], answers: Map<string, Answer>): void {
  for (const message of messages) {
    const answer = answers.get(message.id);
    if (answer === undefined) {
      throw new Error("a message was neither acked nor retried");
    }
    if (answer === "ack") {
      queue.drop([message]);
    } else {
      queue.takeBack(message, answer.delayMs);
    }
  }
}

export function inBatches(messages: Waiting[]): Waiting[][] {
  const batches: Waiting[][] = [];
  for (let start = 0; start < messages.length; start += BATCH) {
    batches.push(messages.slice(start, start + BATCH));
  }
  return batches;
}
