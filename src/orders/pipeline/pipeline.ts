/**
 * The pipeline takes a micro-batch through validate -> enrich -> price -> persist. Pure stages run per
 * order; what costs a call is done once per batch: registry by shard, catalogue by product.
 */
import type { Config } from "../../config";
import type { Clock } from "../../lib/clock";
import { isRefused } from "../../lib/result";
import type { BatchResult, Outcome, FailureReason, Task } from "../../tasks/model/define";
import type { TimelineEvent } from "../../tasks/model/timeline";
import type { Lookups, Question } from "../catalogue/catalogue";
import { enrich, productsOf } from "./enrich";
import { reasonOf, type OrderError } from "../order/errors";
import { toDecimal } from "../order/money";
import type { EnrichedOrder, PricedOrder, Stage, StoredOrder, ValidOrder } from "../order/order";
import { toStored } from "./persist";
import { price } from "./price";
import type { ClaimAnswer } from "./registry";
import type { ClaimOf } from "./registry.do";
import { validate } from "./validate";
import { interrupted, searchOf, waitForCatalogue } from "./wait-for-catalogue";

/** A held id is usually free, or taken for good, as soon as its holder's batch settles. */
const HELD_WAIT_MS = 500;
const MAX_HELD_WAIT_MS = 30_000;

export interface PipelineDependencies {
  config: Config;
  clock: Clock;
  /** Looks up the products that each question asks for, by task. */
  lookup(questions: Question[]): Promise<Map<string, Lookups>>;
  claim(claims: ClaimOf[], now: number): Promise<Map<string, ClaimAnswer>>;
  /** Is told, at each stage's end, the stages that every order has completed. */
  passed?(stages: ReadonlyMap<string, readonly TimelineEvent[]>): void;
}

type Work<Order> = { task: Task<unknown>; order: Order };

/** Takes a batch of order tasks through the stages. An order that drops out has its outcome. */
export async function runPipeline(
  tasks: Task<unknown>[],
  dependencies: PipelineDependencies,
): Promise<BatchResult<StoredOrder>> {
  const batch = new OrderBatch(dependencies);
  const valid = batch.validate(tasks);
  const owned = await batch.claim(valid);
  const enriched = await batch.enrich(owned);
  const priced = batch.price(enriched);
  return batch.persist(priced);
}

class OrderBatch {
  readonly #outcomes = new Map<string, Outcome>();
  readonly #stages = new Map<string, TimelineEvent[]>();
  readonly #dependencies: PipelineDependencies;

  constructor(dependencies: PipelineDependencies) {
    this.#dependencies = dependencies;
  }

  validate(tasks: Task<unknown>[]): Work<ValidOrder>[] {
    const valid: Work<ValidOrder>[] = [];
    for (const task of tasks) {
      const order = validate(task.input);
      if (isRefused(order)) {
        this.#reject(task, order.why);
      } else {
        valid.push({ task, order });
      }
    }
    return this.#passed("validate", valid);
  }

  /**
   * Keeps the orders whose id is theirs. Of equal ids in the batch the later wait for the first,
   * or share its answer when that is another task.
   */
  async claim(valid: Work<ValidOrder>[]): Promise<Work<ValidOrder>[]> {
    const firsts = new Map<string, string>();
    for (const { task, order } of valid) {
      firsts.set(order.id, firsts.get(order.id) ?? task.id);
    }
    const claims = [...firsts].map(([orderId, taskId]) => ({ orderId, taskId }));
    const now = this.#dependencies.clock();
    const answers = await this.#dependencies.claim(claims, now);
    for (const { task, order } of valid) {
      const first = firsts.get(order.id) ?? task.id;
      const answer = answers.get(first);
      if (answer?.state === "unknown") {
        const reason = reasonOf({ kind: "registry_unavailable" });
        this.#end(task, { kind: "defer", reason, checkpoint: interrupted(searchOf(task, now)) });
      } else if (answer?.state === "held") {
        this.#waitFor(task, answer.taskId);
      } else if (answer?.state === "done") {
        this.#reject(task, { kind: "duplicate", winner: answer.taskId });
      } else if (first !== task.id) {
        this.#waitFor(task, first);
      }
    }
    return valid.filter(({ task }) => !this.#outcomes.has(task.id));
  }

  async enrich(owned: Work<ValidOrder>[]): Promise<Work<EnrichedOrder>[]> {
    const now = this.#dependencies.clock();
    const searches = new Map(owned.map(({ task }) => [task.id, searchOf(task, now)]));
    const lookups = await this.#dependencies.lookup(
      owned.map(({ task, order }) => ({
        taskId: task.id,
        sender: task.user ?? "",
        products: productsOf(order),
        ...(searches.get(task.id) ?? searchOf(task, now)),
      })),
    );
    const enriched: Work<EnrichedOrder>[] = [];
    for (const { task, order } of owned) {
      const result = enrich(order, lookups.get(task.id) ?? new Map());
      if (!isRefused(result)) {
        enriched.push({ task, order: result });
      } else if (result.why.kind === "unknown_sku") {
        this.#reject(task, result.why);
      } else {
        const search = searches.get(task.id) ?? searchOf(task, now);
        const { config, clock } = this.#dependencies;
        const maxAgeMs = config.orderMaxAgeMs;
        const seeker = { search, deferrals: task.deferrals, maxAgeMs, now: clock() };
        this.#end(task, waitForCatalogue(result.why, seeker));
      }
    }
    return this.#passed("enrich", enriched);
  }

  price(enriched: Work<EnrichedOrder>[]): Work<PricedOrder>[] {
    const { config } = this.#dependencies;
    const priced = enriched.map(({ task, order }) => ({ task, order: price(order, config) }));
    return this.#passed("price", priced);
  }

  async persist(priced: Work<PricedOrder>[]): Promise<BatchResult<StoredOrder>> {
    const now = this.#dependencies.clock();
    const stored = new Map<string, StoredOrder>();
    await Promise.all(
      priced.map(async ({ task, order }) => stored.set(task.id, await toStored(order, now))),
    );
    this.#passed("persist", priced);
    for (const { task, order } of priced) {
      const result = { total_final: toDecimal(order.total), moneda: order.currency };
      this.#end(task, { kind: "done", result });
    }
    return { outcomes: this.#outcomes, stored };
  }

  #waitFor(task: Task<unknown>, by: string): void {
    const delayMs = Math.min(HELD_WAIT_MS * 2 ** Math.min(task.deferrals, 10), MAX_HELD_WAIT_MS);
    this.#end(task, { kind: "defer", reason: reasonOf({ kind: "held", by }), delayMs });
  }

  #reject(task: Task<unknown>, error: OrderError): void {
    const reason: FailureReason = reasonOf(error);
    this.#end(task, { kind: "reject", reason });
  }

  #end(task: Task<unknown>, outcome: Outcome): void {
    this.#outcomes.set(task.id, { ...outcome, stages: this.#stages.get(task.id) ?? [] });
  }

  #passed<Order>(stage: Stage, works: Work<Order>[]): Work<Order>[] {
    const at = this.#dependencies.clock();
    for (const { task } of works) {
      const stages = this.#stages.get(task.id) ?? [];
      this.#stages.set(task.id, [...stages, { at, event: stage }]);
    }
    this.#dependencies.passed?.(this.#stages);
    return works;
  }
}
