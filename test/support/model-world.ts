/**
 * A world in which the engine runs for real (D1, the order task, its registry) while the test
 * decides what goes wrong: which messages arrive, how often and when, who dies at what moment,
 * which calls to D1 are ambiguous. Time is the test's own.
 */
import { env as realEnv } from "cloudflare:workers";
import { vi } from "vitest";
import { enqueueOrders } from "../../src/orders/ingest";
import { processOrder } from "../../src/orders/task";
import { cancelTask, retryTask } from "../../src/tasks/actions";
import { consume } from "../../src/tasks/consumer";
import { consumeDeadLetters } from "../../src/tasks/dead-letters";
import type { BatchTask, Outcome, RunContext, SingleTask, Task } from "../../src/tasks/define";
import { Engine } from "../../src/tasks/engine";
import { enqueue, type Enqueued } from "../../src/tasks/enqueue";
import { HELD, LEASED } from "../../src/tasks/leases";
import { recover } from "../../src/tasks/recover";
import { CATALOGUE_URL, product } from "./catalogue";
import { testEnv } from "./engine";
import { type Fault, faultyDatabase, strike } from "./faults";
import { batchOf, ModelQueue, taskIdOf, type Waiting } from "./model-queue";

/** What a task does when it is run; after its last step it is done. */
export const STEPS = [
  "done",
  "reject",
  "retry",
  "defer a little",
  "defer for long",
  "continue",
  "throw",
  "die",
] as const;
export type Step = (typeof STEPS)[number];

/** A task of the test's own, or an order: `orderKey` says which id, so that some are equal. */
export type Plan =
  | { kind: "single" | "batch"; script: readonly Step[] }
  | { kind: "order"; orderKey: number; content: "good" | "empty" | "unknown sku" };

/** How a task came along: what its end must be explained by. */
export interface Life {
  plan: Plan;
  runs: number;
  /** Steps it took since it was last given fresh attempts. */
  taken: Step[];
}

/** "always": for as long as the caller tries. */
export type FaultPlan = { fault: Fault; times: "once" | "always" } | null;

export interface DeliveryPlan {
  /** Places in the queue; "all" of what waits there. */
  messages: number[] | "all";
  /** Tasks whose message comes once more. */
  doubles: number[];
  strangers: boolean;
  claim: FaultPlan;
  settle: FaultPlan;
  /** The order registry: cannot be reached, or misses how it ended. */
  registry: "well" | "down" | "deaf";
  /** Handlers wait until the test lets them go on. */
  held: boolean;
  ending: Ending;
}

/** What the platform makes of the answers: it may miss them, and may even lose the messages. */
export type Ending = "answered" | "redelivered" | "lost";

interface Delivery {
  messages: Waiting[];
  ended: Promise<void>;
  answers: ReturnType<typeof batchOf>["answers"];
  gate: PromiseWithResolvers<void>;
  /** Resolves when a handler is reached. */
  entered: PromiseWithResolvers<void>;
  died: PromiseWithResolvers<void>;
  dead: boolean;
  cannotSettle: boolean;
  ending: Ending;
}

export interface RecoveryPlan {
  /** Two at once. */
  twice: boolean;
  /** The queue says it is empty. */
  blind: boolean;
  /** The queue takes nothing. */
  refuses: boolean;
  /** A heartbeat comes between looking for lapsed leases and breaking them. */
  beat: boolean;
  /** At the breaking of a lease. */
  fault: FaultPlan;
}

const LEASE_MS = 45_000;
const BREAK_LEASE = "UPDATE tasks SET suspect = 1";
const reason = { code: "because", message: "Its script says so" };

const base = {
  module: "model",
  description: "",
  queue: "orders",
  parse: (input: unknown) => input as { n: number },
  retry: () => ({ attempts: 3, baseMs: 10_000, maxMs: 300_000 }),
  deferral: { baseMs: 10_000, maxMs: 300_000 },
  timeoutMs: 3_600_000,
  startedBy: null,
} as const;

/** Rows that a `batch` task writes as it succeeds; nothing but the engine keeps one from a second. */
export const EFFECTS = "CREATE TABLE IF NOT EXISTS effects (task_id TEXT NOT NULL)";

export class World {
  readonly queue = new ModelQueue();
  readonly lives: Life[] = [];
  /** Ids of accepted tasks. */
  readonly accepted: string[] = [];
  inFlight: Delivery[] = [];
  /** Tokens of leases that may be left: of consumers that died or could not settle. */
  readonly abandoned = new Set<string>();
  catalogueDown = false;
  /** What was seen and must not be, by who could not throw. */
  readonly wrongs: string[] = [];
  /** Times each task was alone in a lease that lapsed, since it was last given fresh attempts. */
  readonly crashes = new Map<string, number>();
  readonly deadLettered = new Set<string>();
  /** By task id: what recovery sent, a pair of recoveries at once counted as one. */
  readonly resent = new Map<string, number>();
  readonly resumed: string[] = [];
  readonly #env: Env;
  readonly #run = crypto.randomUUID();
  readonly #dead: Delivery[] = [];
  #deliveries = new WeakMap<Env, Delivery>();

  constructor() {
    this.#env = testEnv({
      CATALOGUE_URL,
      CATALOGUE_TTL_SECONDS: "0",
      RECOVERY: { getByName: () => ({ arm: () => Promise.resolve() }) },
      QUEUE_ORDERS: this.queue.binding,
    });
    Reflect.deleteProperty(this.#env, "QUEUE_TASKS");
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      const url = input instanceof Request ? input.url : String(input);
      const id = url.slice(`${CATALOGUE_URL}/products/`.length);
      if (this.catalogueDown) {
        return new Response("down", { status: 503 });
      }
      return id === "999" ? new Response("") : product(id);
    });
  }

  static async clear(): Promise<void> {
    const { DB } = realEnv;
    const tables = ["tasks", "leases", "orders", "idempotency_keys", "effects"];
    await DB.batch(tables.map((table) => DB.prepare(`DELETE FROM ${table}`)));
  }

  pass(ms: number): void {
    vi.setSystemTime(Date.now() + ms);
  }

  // -- enqueue

  /** `twice`: the same request under one idempotency key, by two callers at once. */
  async enqueue(plans: Plan[], fault: FaultPlan, twice: boolean, deaf: boolean): Promise<void> {
    const first = this.lives.length;
    this.lives.push(...plans.map((plan) => ({ plan, runs: 0, taken: [] })));
    this.queue.refuses = deaf;
    const tested = { ...this.#env, DB: database(fault, "INSERT INTO tasks") };
    const idempotency = { key: `key ${first}`, bodyHash: "the body" };
    const calls = twice ? [tested, this.#env] : [tested];
    for (const [kind, numbers] of Map.groupBy(plans.keys(), (index) => plans[index]?.kind)) {
      const results = await Promise.allSettled(
        calls.map((env) =>
          this.#accept(env, kind, numbers, first, twice ? idempotency : undefined),
        ),
      );
      const accepted = results.flatMap((result) =>
        result.status === "fulfilled" && result.value !== "conflict" ? result.value : [],
      );
      if (fault?.times !== "always" && accepted.length < calls.length) {
        throw new Error(`not accepted: ${JSON.stringify(results.map(String))}`);
      }
      if (new Set(accepted.map(({ lote }) => lote)).size > 1) {
        throw new Error("one idempotency key, two answers");
      }
      this.accepted.push(...(accepted[0]?.taskIds ?? []));
      if (twice) {
        idempotency.key += "'";
      }
    }
    this.queue.refuses = false;
  }

  async #accept(
    env: Env,
    kind: Plan["kind"] | undefined,
    numbers: number[],
    first: number,
    idempotency?: { key: string; bodyHash: string },
  ): Promise<Enqueued> {
    if (kind === "order") {
      const orders = numbers.map((index) => this.#order(first + index));
      const identity = idempotency && { key: idempotency.key, identity: idempotency.bodyHash };
      return enqueueOrders(env, orders, this.#run, identity);
    }
    const definition = kind === "batch" ? this.#batch : this.#single;
    const tasks = numbers.map((index) => ({
      input: JSON.stringify({ n: first + index }),
      subject: null,
    }));
    const key = idempotency && { ...idempotency, key: `${this.#run} ${idempotency.key}` };
    return enqueue(env, definition, tasks, { user: null, ...(key && { idempotency: key }) });
  }

  #order(n: number): Record<string, unknown> {
    const plan = this.lives[n]?.plan;
    if (plan?.kind !== "order") {
      throw new Error("not an order");
    }
    const sku = plan.content === "unknown sku" ? "P999" : "P1";
    return {
      n,
      id: `${this.#run}:${plan.orderKey}`,
      cliente: "ACME Corp",
      productos: plan.content === "empty" ? [] : [{ sku, cantidad: 1 }],
    };
  }

  // -- handlers

  readonly #single: SingleTask<{ n: number }> = {
    ...base,
    name: "model.single",
    run: async (task, context) => {
      await this.#enter(this.#deliveries.get(context.env));
      return this.#step(task, context);
    },
  };

  readonly #batch: BatchTask<{ n: number }, string> = {
    ...base,
    name: "model.batch",
    commit: {
      insert: [
        `INSERT INTO effects (task_id) SELECT value FROM json_each(?2) WHERE value IN (${HELD})`,
      ],
      conflict: "NULL",
      row: (_stored, taskId) => taskId,
    },
    runBatch: async (tasks, context) => {
      await this.#enter(this.#deliveries.get(context.env));
      const outcomes = new Map<string, Outcome>();
      const stored = new Map<string, string>();
      for (const task of tasks) {
        const outcome = await this.#step(task, context);
        outcomes.set(task.id, outcome);
        if (outcome.kind === "done") {
          stored.set(task.id, task.id);
        }
      }
      return { outcomes, stored };
    },
  };

  readonly #engine = new Engine([this.#single, this.#batch, processOrder]);

  async #enter(delivery: Delivery | undefined): Promise<void> {
    this.wrongs.push(...(await wronglyLeased()));
    delivery?.entered.resolve();
    await delivery?.gate.promise;
  }

  async #step(task: Task<{ n: number }>, { env }: RunContext): Promise<Outcome> {
    const life = this.lives[task.input.n];
    if (life?.plan.kind !== "single" && life?.plan.kind !== "batch") {
      throw new Error("a run of what is no task of the model");
    }
    const step = life.plan.script[life.runs] ?? "done";
    life.runs += 1;
    life.taken.push(step);
    switch (step) {
      case "done":
        return { kind: "done", result: { n: task.input.n } };
      case "reject":
      case "retry":
        return { kind: step, reason };
      case "defer a little":
        return { kind: "defer", reason, delayMs: 5000 };
      case "defer for long":
        return { kind: "defer", reason, delayMs: 90_000 };
      case "continue":
        return { kind: "continue", checkpoint: { runs: life.runs } };
      case "throw":
        throw new Error("its script says so");
      case "die": {
        const delivery = this.#deliveries.get(env);
        await (delivery && this.#die(delivery));
        throw new Error("dead");
      }
      default:
        return step satisfies never;
    }
  }

  /** Never goes on while the world lasts; `bury` lets go of it. */
  async #die(delivery: Delivery): Promise<void> {
    if (!delivery.dead) {
      delivery.dead = true;
      delivery.gate = Promise.withResolvers();
      delivery.died.resolve();
    }
    await delivery.gate.promise;
  }

  // -- deliveries

  async deliver(plan: DeliveryPlan): Promise<void> {
    const messages =
      plan.messages === "all" ? this.queue.takeAll() : this.queue.take(plan.messages);
    messages.push(...this.#doublesOf(plan.doubles));
    if (plan.strangers) {
      const unknown = "01a20495-2dc0-77f6-a12b-a53672290fff";
      const bodies = [{ v: 1, task_id: unknown }, "garbage", { v: 2, task_id: unknown }];
      messages.push(...bodies.map((body) => this.queue.make(body)));
    }
    if (messages.length > 0) {
      await this.#start(messages, plan);
    }
  }

  #doublesOf(places: readonly number[]): Waiting[] {
    const ids = places.flatMap((place) => this.accepted[place % this.accepted.length] ?? []);
    return ids.map((task_id) => this.queue.make({ v: 1, task_id }));
  }

  async #start(messages: Waiting[], plan: DeliveryPlan): Promise<void> {
    const { batch, answers } = batchOf(messages);
    const delivery: Delivery = {
      messages,
      answers,
      ended: Promise.resolve(),
      gate: Promise.withResolvers(),
      entered: Promise.withResolvers(),
      died: Promise.withResolvers(),
      dead: false,
      cannotSettle: plan.claim?.times === "always" || plan.settle?.times === "always",
      ending: plan.ending,
    };
    const faults = [
      faultOf(plan.claim, "INSERT INTO leases"),
      faultOf(plan.settle, "DELETE FROM leases"),
    ];
    const env: Env = {
      ...this.#env,
      DB: faultyDatabase((sql) => {
        if (delivery.dead) {
          throw new Error("the worker is dead");
        }
        return faults.map((fault) => fault(sql)).find((fault) => fault !== null) ?? null;
      }),
      ORDER_REGISTRY: this.#registry(delivery, plan.registry),
    };
    this.#deliveries.set(env, delivery);
    if (!plan.held) {
      delivery.gate.resolve();
    }
    this.inFlight.push(delivery);
    delivery.ended = consume(batch, env, this.#engine);
    await Promise.race([
      delivery.ended,
      delivery.died.promise,
      plan.held ? delivery.entered.promise : delivery.ended,
    ]);
    if (!plan.held || delivery.dead || answers.size === messages.length) {
      await this.#end(delivery);
    }
  }

  #registry(delivery: Delivery, state: DeliveryPlan["registry"]): Env["ORDER_REGISTRY"] {
    type Stub = ReturnType<Env["ORDER_REGISTRY"]["getByName"]>;
    const failIf = (fails: boolean) => {
      if (fails || delivery.dead) {
        throw new Error("overloaded");
      }
    };
    return {
      getByName: (name: string) => {
        const stub = realEnv.ORDER_REGISTRY.getByName(name);
        return {
          claimMany: async (...call: Parameters<Stub["claimMany"]>) => {
            await this.#enter(delivery);
            failIf(state === "down");
            return stub.claimMany(...call);
          },
          settleMany: async (...call: Parameters<Stub["settleMany"]>) => {
            failIf(state !== "well");
            return stub.settleMany(...call);
          },
        };
      },
    } as unknown as Env["ORDER_REGISTRY"];
  }

  /** Lets a held delivery go on to its end. */
  async finish(place: number): Promise<void> {
    const delivery = this.inFlight[place % Math.max(1, this.inFlight.length)];
    if (delivery) {
      delivery.gate.resolve();
      await this.#end(delivery);
    }
  }

  /** The worker of a held delivery dies. */
  async kill(place: number): Promise<void> {
    const delivery = this.inFlight[place % Math.max(1, this.inFlight.length)];
    if (delivery) {
      delivery.dead = true;
      delivery.died.resolve();
      await this.#end(delivery);
    }
  }

  async #end(delivery: Delivery): Promise<void> {
    await Promise.race([delivery.ended, delivery.died.promise]);
    this.inFlight = this.inFlight.filter((other) => other !== delivery);
    const { messages, answers, dead, ending } = delivery;
    if (dead || delivery.cannotSettle) {
      const leases = await realEnv.DB.prepare("SELECT token FROM leases").all<{ token: string }>();
      leases.results.forEach(({ token }) => this.abandoned.add(token));
    }
    if (dead) {
      this.#dead.push(delivery);
    } else if (answers.size < messages.length) {
      throw new Error("a message was neither acked nor retried");
    }
    if (ending === "lost") {
      return;
    }
    for (const message of messages) {
      const answer = dead || ending === "redelivered" ? { delayMs: 0 } : answers.get(message.id);
      if (answer !== "ack") {
        const visibleAt = Date.now() + (answer?.delayMs ?? 0);
        this.queue.messages.push({ ...message, attempts: message.attempts + 1, visibleAt });
      }
    }
  }

  /** Lets go of the dead, whose calls now fail. */
  async bury(): Promise<void> {
    this.inFlight.forEach((delivery) => (delivery.dead = true));
    const dead = [...this.#dead, ...this.inFlight];
    dead.forEach(({ gate }) => gate.resolve());
    await Promise.all(dead.map(({ ended }) => ended));
  }

  // -- recovery and people

  async recover(plan: RecoveryPlan): Promise<void> {
    const lapsed = await realEnv.DB.prepare(
      "SELECT task_ids ->> 0 AS id FROM leases WHERE expires_at <= ? AND json_array_length(task_ids) = 1",
    )
      .bind(Date.now())
      .all<{ id: string }>();
    lapsed.results.forEach(({ id }) => this.crashes.set(id, (this.crashes.get(id) ?? 0) + 1));
    const waiting = plan.blind ? [] : await this.#waitingAndYoung();
    const before = this.queue.sent.length;
    this.queue.blind = plan.blind;
    this.queue.refuses = plan.refuses;
    const tested = { ...this.#env, DB: database(plan.fault, BREAK_LEASE, plan.beat) };
    const calls = plan.twice ? [tested, this.#env] : [tested];
    const results = await Promise.allSettled(calls.map((env) => recover(env, Date.now())));
    this.queue.blind = false;
    this.queue.refuses = false;
    if (plan.fault === null && results.some(({ status }) => status === "rejected")) {
      throw new Error(`recovery failed: ${JSON.stringify(results)}`);
    }
    const sent = new Set(this.queue.sent.slice(before));
    sent.forEach((id) => this.resent.set(id, (this.resent.get(id) ?? 0) + 1));
    const needless = waiting.filter((id) => sent.has(id));
    if (needless.length > 0) {
      throw new Error(`sent though its message waits in the queue: ${needless.join()}`);
    }
  }

  /** Tasks whose message waits in the queue and was sent less than ten minutes ago. */
  async #waitingAndYoung(): Promise<string[]> {
    const visible = this.queue.visible();
    const { results } = await realEnv.DB.prepare(
      `SELECT id, sent_at FROM tasks WHERE sent_at > ? AND id NOT IN (${LEASED})`,
    )
      .bind(Date.now() - 600_000)
      .all<{ id: string; sent_at: number }>();
    return results
      .filter(({ id, sent_at }) =>
        visible.some((message) => taskIdOf(message) === id && message.sentAt <= sent_at),
      )
      .map(({ id }) => id);
  }

  lapse(): void {
    this.pass(LEASE_MS + 1);
  }

  async cancel(place: number, fault: FaultPlan): Promise<void> {
    const id = this.accepted[place % Math.max(1, this.accepted.length)];
    if (id !== undefined) {
      const DB = database(fault, "UPDATE tasks SET status = 'REVOKED'");
      await cancelTask({ ...this.#env, DB }, this.#engine, id, "user:model").catch(onlyIf(fault));
    }
  }

  async retry(place: number): Promise<void> {
    const id = this.accepted[place % Math.max(1, this.accepted.length)];
    if (
      id !== undefined &&
      (await retryTask(this.#env, this.#engine, id, "user:model")) === "done"
    ) {
      this.resumed.push(id);
      this.crashes.delete(id);
      this.deadLettered.delete(id);
    }
  }

  /** The platform gives up on a message, or on a double of one. */
  async deadLetter(place: number, double: boolean): Promise<void> {
    const messages = double ? this.#doublesOf([place]) : this.queue.take([place]);
    const { batch, answers } = batchOf(messages);
    await consumeDeadLetters(batch, this.#env);
    if (answers.size < messages.length || [...answers.values()].some((word) => word !== "ack")) {
      throw new Error("a dead letter was not acked");
    }
    messages.forEach((message) => this.deadLettered.add(taskIdOf(message) ?? ""));
  }

  lose(places: number[]): void {
    this.queue.take(places);
  }
}

function faultOf(plan: FaultPlan, text: string): (sql: string) => Fault | null {
  return plan === null ? () => null : strike(text, plan.fault, plan.times === "once" ? 1 : 99);
}

function database(plan: FaultPlan, text: string, beat = false): D1Database {
  const fault = faultOf(plan, text);
  if (!beat) {
    return plan === null ? realEnv.DB : faultyDatabase(fault);
  }
  const late = faultyDatabase(fault);
  return new Proxy(late, {
    get(target, property) {
      if (property !== "batch") {
        return Reflect.get(target, property) as unknown;
      }
      return async (statements: D1PreparedStatement[]) => {
        const extend = realEnv.DB.prepare("UPDATE leases SET expires_at = ?");
        await extend.bind(Date.now() + LEASE_MS).run();
        return target.batch(statements);
      };
    },
  });
}

/** Swallows what a fault that lasts makes of a call. */
function onlyIf(fault: FaultPlan): (error: unknown) => void {
  return (error) => {
    if (fault?.times !== "always") {
      throw error;
    }
  };
}

/** Tasks that run in two leases, or before they are due. */
async function wronglyLeased(): Promise<string[]> {
  const { results } = await realEnv.DB.prepare(
    `SELECT t.id FROM leases l, json_each(l.task_ids) h JOIN tasks t ON t.id = h.value
     GROUP BY 1 HAVING count(*) > 1 OR t.ready_at > ?`,
  )
    .bind(Date.now())
    .all<{ id: string }>();
  return results.map(({ id }) => `in two leases, or too early: ${id}`);
}
