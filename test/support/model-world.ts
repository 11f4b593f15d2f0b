/**
 * In a World the engine runs for real (D1, the order task, its registry) while the test decides
 * what goes wrong. It decides which messages arrive, how often and when, who dies at what moment,
 * and which calls to D1 are ambiguous. Time is the test's own.
 */
import { env as realEnv } from "cloudflare:workers";
import { vi } from "vitest";
import { processOrder } from "../../src/orders/pipeline/task";
import { actOn } from "../../src/tasks/commands/actions";
import { consume } from "../../src/tasks/running/consumer";
import { consumeDeadLetters } from "../../src/tasks/running/dead-letters";
import { Engine } from "../../src/tasks/model/engine";
import { LEASED } from "../../src/tasks/model/leases";
import { isFinal } from "../../src/tasks/model/states";
import { getTask } from "../../src/tasks/model/queries";
import { recover } from "../../src/tasks/recovery/recover";
import { isRefused } from "../../src/lib/result";
import { replayTask } from "../../src/tasks/commands/replay";
import { CATALOGUE_URL, product, productOf } from "./catalogue";
import { guarded } from "../../src/db/guarded";
import { testEnv } from "./engine";
import { AT_ONCE } from "./faults";
import { Delivery } from "./model-delivery";
import { allowedBy, beatenDatabase, databaseWith } from "./model-faults";
import { Elsewhere } from "./model-elsewhere";
import type { DeliveryPlan, FaultPlan, Plan, RecoveryPlan, Report, Step } from "./model-plans";
import { Producer } from "./model-producer";
import { modelTasks } from "./model-tasks";
import { clearTasks } from "./recount";
import { batchOf, bindingOf, taskIdOf } from "../platform/batch";
import { StrictQueue, type Waiting } from "../platform/queue";

const LEASE_MS = 45_000;
const BREAK_LEASE = "UPDATE tasks SET suspect = 1";
const PATIENCE_MS = 600_000;
const BY = "user:model";

export class World {
  readonly queue = new StrictQueue();
  readonly producer: Producer;
  inFlight: Delivery[] = [];
  /**
   * `abandoned` has the tokens of leases that may be left, as their consumers died or could not
   * settle.
   */
  readonly abandoned = new Set<string>();
  /** `wrongs` has what was seen and must not be, where nothing could throw. */
  readonly wrongs: string[] = [];
  /**
   * `crashes` counts how often each task was alone in a lease that lapsed, since it last got fresh
   * attempts.
   */
  readonly crashes = new Map<string, number>();
  /** `resent` counts what recovery sent, by task id. Two recoveries at once count as one. */
  readonly resent = new Map<string, number>();
  /** `resumed` has an id for each time that people gave a task fresh attempts. */
  readonly resumed: string[] = [];
  /** `noted` has the ids of ended tasks at which something was noted: a discard, a late report. */
  readonly noted: string[] = [];
  readonly elsewhere: Elsewhere;
  catalogueDown = false;
  readonly #env: Env;
  readonly #engine: Engine;
  readonly #deliveries = new WeakMap<Env, Delivery>();
  readonly #dead: Delivery[] = [];

  constructor() {
    this.#env = testEnv({
      CATALOGUE_URL,
      CATALOGUE_TTL_SECONDS: "0",
      RECOVERY: { getByName: () => ({ arm: async () => {}, lookNow: async () => {} }) },
      QUEUE_ORDERS: bindingOf(this.queue),
    });
    Reflect.deleteProperty(this.#env, "QUEUE_TASKS");
    const lives: Producer["lives"] = [];
    const tasks = modelTasks(lives, {
      enter: (env) => this.#enter(env),
      die: async (env) => this.#deliveries.get(env)?.die(),
    });
    this.#engine = new Engine([tasks.single, tasks.batch, processOrder]);
    this.producer = new Producer(this.#env, tasks, lives);
    this.elsewhere = new Elsewhere(this.#env);
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      const id = productOf(input);
      if (this.catalogueDown) {
        return new Response("down", { status: 503 });
      }
      return id === "999" ? new Response("") : product(id);
    });
  }

  static async clear(): Promise<void> {
    const { DB } = realEnv;
    const tables = ["orders", "idempotency_keys", "effects"];
    await clearTasks();
    await DB.batch(tables.map((table) => DB.prepare(`DELETE FROM ${table}`)));
  }

  pass(ms: number): void {
    vi.setSystemTime(Date.now() + ms);
  }

  lapse(): void {
    this.pass(LEASE_MS + 1);
  }

  /** Sends tasks and orders; with `deaf` the queue takes no message. */
  async enqueue(plans: Plan[], fault: FaultPlan, twice: boolean, deaf: boolean): Promise<void> {
    this.queue.refuses = deaf;
    await this.producer.enqueue(plans, fault, twice);
    this.queue.refuses = false;
  }

  async deliver(plan: DeliveryPlan): Promise<void> {
    const { messages: waiting } = this.queue;
    const chosen = plan.messages === "all" ? waiting : this.queue.at(plan.messages);
    const messages = this.queue.take(chosen);
    messages.push(...this.#doublesOf(plan.doubles));
    if (plan.strangers) {
      const unknown = "01a20495-2dc0-77f6-a12b-a53672290fff";
      const bodies = [{ v: 1, task_id: unknown }, "garbage", { v: 2, task_id: unknown }];
      messages.push(...bodies.map((body) => this.queue.make(body)));
    }
    if (messages.length === 0) {
      return;
    }
    const delivery = new Delivery(messages, plan);
    const env = delivery.environment(this.#env, (own) => this.#enter(own));
    this.#deliveries.set(env, delivery);
    this.inFlight.push(delivery);
    delivery.start(consume(delivery.batch, env, this.#engine));
    const held = plan.held ? delivery.entered.promise : delivery.ended;
    await Promise.race([delivery.ended, delivery.died.promise, held]);
    if (delivery.over) {
      await this.#end(delivery);
    }
  }

  async #enter(env: Env): Promise<void> {
    this.wrongs.push(...(await wronglyLeased()));
    await this.#deliveries.get(env)?.enter();
  }

  #doublesOf(places: readonly number[]): Waiting[] {
    const ids = places.flatMap((place) => this.#accepted(place) ?? []);
    return ids.map((task_id) => this.queue.make({ v: 1, task_id }));
  }

  #accepted(place: number): string | undefined {
    const { accepted } = this.producer;
    return accepted[place % Math.max(1, accepted.length)];
  }

  /** Lets a held delivery go on to its end. */
  async finish(place: number): Promise<void> {
    const delivery = this.inFlight[place % Math.max(1, this.inFlight.length)];
    delivery?.release();
    await (delivery && this.#end(delivery));
  }

  /** Kills the worker of a held delivery. */
  async kill(place: number): Promise<void> {
    const delivery = this.inFlight[place % Math.max(1, this.inFlight.length)];
    delivery?.kill();
    await (delivery && this.#end(delivery));
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
      this.queue.drop(messages);
      return;
    }
    for (const message of messages) {
      const answer = dead || ending === "redelivered" ? { delayMs: 0 } : answers.get(message.id);
      if (answer === "ack") {
        this.queue.drop([message]);
      } else {
        this.queue.takeBack(message, answer?.delayMs ?? 0);
      }
    }
  }

  /** Lets go of the dead, whose calls now fail. */
  async bury(): Promise<void> {
    this.inFlight.forEach((delivery) => delivery.kill());
    const dead = [...this.#dead, ...this.inFlight];
    dead.forEach((delivery) => delivery.release());
    await Promise.all(dead.map(({ ended }) => ended));
  }

  async recover(plan: RecoveryPlan): Promise<void> {
    await this.#countCrashes();
    const needless = plan.beat ? [] : await heldTasks();
    if (!plan.blind) {
      needless.push(...(await this.#waitingAndYoung()));
    }
    const before = this.queue.sent.length;
    this.queue.blind = plan.blind;
    this.queue.refuses = plan.refuses;
    const db = databaseWith(plan.fault, BREAK_LEASE);
    const DB = plan.beat ? beatenDatabase(db, LEASE_MS) : db;
    const faulty = guarded({ ...this.#env, DB }, AT_ONCE);
    const calls = plan.twice ? [faulty, this.#env] : [faulty];
    const results = await Promise.allSettled(calls.map((env) => recover(env, Date.now())));
    this.queue.blind = false;
    this.queue.refuses = false;
    if (plan.fault === null && results.some(({ status }) => status === "rejected")) {
      throw new Error(`recovery failed: ${JSON.stringify(results)}`);
    }
    const sent = new Set(this.queue.sent.slice(before).map((body) => taskIdOf({ body }) ?? ""));
    sent.forEach((id) => this.resent.set(id, (this.resent.get(id) ?? 0) + 1));
    if (needless.some((id) => sent.has(id))) {
      throw new Error(`sent needlessly: ${needless.filter((id) => sent.has(id)).join()}`);
    }
  }

  async #countCrashes(): Promise<void> {
    const { results } = await realEnv.DB.prepare(
      `SELECT task_ids ->> 0 AS id FROM leases
       WHERE expires_at <= ? AND json_array_length(task_ids) = 1`,
    )
      .bind(Date.now())
      .all<{ id: string }>();
    results.forEach(({ id }) => this.crashes.set(id, (this.crashes.get(id) ?? 0) + 1));
  }

  /** Returns the ids of tasks whose message waits in the queue and was sent not long ago. */
  async #waitingAndYoung(): Promise<string[]> {
    const visible = this.queue.visible();
    const { results } = await realEnv.DB.prepare(
      `SELECT id, sent_at FROM tasks WHERE sent_at > ? AND id NOT IN (${LEASED})`,
    )
      .bind(Date.now() - PATIENCE_MS)
      .all<{ id: string; sent_at: number }>();
    return results
      .filter(({ id, sent_at }) =>
        visible.some((message) => taskIdOf(message) === id && message.sentAt <= sent_at),
      )
      .map(({ id }) => id);
  }

  async cancel(place: number, fault: FaultPlan): Promise<void> {
    const id = this.#accepted(place);
    if (id !== undefined) {
      const DB = databaseWith(fault, "UPDATE tasks SET status = 'REVOKED'");
      const env = guarded({ ...this.#env, DB }, AT_ONCE);
      await actOn(env, this.#engine, "cancel", id, { by: BY }).catch(allowedBy(fault));
    }
  }

  async retry(place: number): Promise<void> {
    const id = this.#accepted(place);
    if (
      id !== undefined &&
      (await actOn(this.#env, this.#engine, "retry", id, { by: BY })) === "done"
    ) {
      this.resumed.push(id);
      this.crashes.delete(id);
    }
  }

  async discard(place: number): Promise<void> {
    const id = this.#accepted(place);
    const actor = { by: BY, reason: "seen" };
    if (id && (await actOn(this.#env, this.#engine, "discard", id, actor)) === "done") {
      this.noted.push(id);
    }
  }

  /** Replays a task with a script of its own; the copy of an order is a good one. */
  async replay(place: number, script: readonly Step[]): Promise<void> {
    const { accepted, lives } = this.producer;
    const task = await getTask(realEnv.DB, this.#accepted(place) ?? "");
    const definition = task && this.#engine.find(task.name);
    if (!task || !definition) {
      return;
    }
    const n = lives.length;
    const { plan } = lives[(JSON.parse(task.input) as { n: number }).n] ?? {};
    if (!plan || plan.kind === "tracked") {
      throw new Error("a replay of what nobody sent");
    }
    const edited: Plan = plan.kind === "order" ? { ...plan, content: "good" } : { ...plan, script };
    lives.push({ plan: edited, runs: 0, taken: [] });
    const input = edited.kind === "order" ? this.producer.order(n) : { n };
    const replayed = await replayTask(this.#env, this.#engine, { task, definition }, input, BY);
    if (!isRefused(replayed)) {
      accepted.push(replayed.taskId);
      this.noted.push(task.id);
    } else if (replayed.why.kind !== "wrong_state" || isFinal(task.status)) {
      throw new Error(`not replayed: ${JSON.stringify(replayed)}`);
    }
  }

  async track(name: number, timeoutMs: number): Promise<void> {
    const { accepted, lives } = this.producer;
    const id = await this.elsewhere.start(name, timeoutMs, lives);
    accepted.push(...(id === undefined ? [] : [id]));
  }

  async report(place: number, report: Report): Promise<void> {
    const late = await this.elsewhere.report(place, report);
    this.noted.push(...(late === undefined ? [] : [late]));
  }

  /** Has the platform give up on a message, or on a double of one. */
  async deadLetter(place: number, double: boolean): Promise<void> {
    const messages = double ? this.#doublesOf([place]) : this.queue.at([place]);
    const { batch, answers } = batchOf(messages);
    await consumeDeadLetters(batch, this.#env);
    if (answers.size < messages.length || [...answers.values()].some((word) => word !== "ack")) {
      throw new Error("a dead letter was not acked");
    }
    this.queue.drop(messages);
  }

  lose(places: number[] | "all"): void {
    this.queue.drop(places === "all" ? this.queue.messages : this.queue.at(places));
  }
}

async function heldTasks(): Promise<string[]> {
  const { results } = await realEnv.DB.prepare(
    "SELECT h.value AS id FROM leases l, json_each(l.task_ids) h WHERE l.expires_at > ?",
  )
    .bind(Date.now())
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** Returns the ids of tasks that run in two leases, or before they are due. */
async function wronglyLeased(): Promise<string[]> {
  const { results } = await realEnv.DB.prepare(
    `SELECT t.id FROM leases l, json_each(l.task_ids) h JOIN tasks t ON t.id = h.value
     GROUP BY 1 HAVING count(*) > 1 OR t.ready_at > ?`,
  )
    .bind(Date.now())
    .all<{ id: string }>();
  return results.map(({ id }) => `in two leases, or too early: ${id}`);
}
