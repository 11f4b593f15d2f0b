import { guarded } from "../../src/db/guarded";
import { isRefused, type Result } from "../../src/lib/result";
import {
  type Conflict,
  type Enqueued,
  enqueueOnce,
  enqueueRequest,
} from "../../src/tasks/accepting/enqueue";
import { TaskRequest } from "../../src/tasks/accepting/request";
import { enqueueSent } from "../../src/orders/intake/ingest";
import { readOrderText } from "../../src/orders/order/order-text";
import { AT_ONCE } from "./faults";
import { databaseWith } from "./model-faults";
import type { FaultPlan, Life, Plan } from "./model-plans";
import type { modelTasks } from "./model-tasks";

type Definitions = ReturnType<typeof modelTasks>;

interface Idempotency {
  key: string;
  bodyHash: string;
}

/** Producer sends tasks and orders to the world. */
export class Producer {
  readonly lives: Life[];
  /** `accepted` has the ids of accepted tasks. */
  readonly accepted: string[] = [];
  readonly #env: Env;
  readonly #definitions: Definitions;
  readonly #name = crypto.randomUUID();

  constructor(env: Env, definitions: Definitions, lives: Life[]) {
    this.#env = env;
    this.lives = lives;
    this.#definitions = definitions;
  }

  /**
   * Sends tasks and orders. With `twice`, two callers send the same request under one idempotency
   * key at once.
   */
  async enqueue(plans: Plan[], fault: FaultPlan, twice: boolean): Promise<void> {
    const first = this.lives.length;
    this.lives.push(...plans.map((plan) => ({ plan, runs: 0, taken: [] })));
    const DB = databaseWith(fault, "INSERT INTO tasks");
    const faulty = guarded({ ...this.#env, DB }, AT_ONCE);
    const callers = twice ? [faulty, this.#env] : [faulty];
    for (const kind of ["single", "batch", "order"] as const) {
      const numbers = plans.flatMap((plan, index) => (plan.kind === kind ? first + index : []));
      if (numbers.length === 0) {
        continue;
      }
      const key = { key: `${this.#name} ${kind} ${first}`, bodyHash: "the body" };
      const results = await Promise.allSettled(
        callers.map((env) => this.#send(env, kind, numbers, twice ? key : undefined)),
      );
      const accepted = results.flatMap((result) =>
        result.status === "fulfilled" && !isRefused(result.value) ? result.value : [],
      );
      if (fault?.times !== "always" && accepted.length < callers.length) {
        throw new Error(`not accepted: ${JSON.stringify(results)}`);
      }
      if (new Set(accepted.map(({ batchId }) => batchId)).size > 1) {
        throw new Error("one idempotency key, two answers");
      }
      this.accepted.push(...(accepted[0]?.taskIds ?? []));
    }
  }

  async #send(
    env: Env,
    kind: Plan["kind"],
    numbers: number[],
    idempotency?: Idempotency,
  ): Promise<Result<Enqueued, Conflict>> {
    if (kind === "order") {
      const orders = numbers.map((n) => readOrderText(JSON.stringify(this.order(n))));
      const key = idempotency && { key: idempotency.key, identity: idempotency.bodyHash };
      return enqueueSent(env, orders, { user: null, idempotency: key });
    }
    const definition = kind === "single" ? this.#definitions.single : this.#definitions.batch;
    const request = new TaskRequest(definition);
    for (const n of numbers) {
      request.add({ input: JSON.stringify({ n }), subject: null });
    }
    return idempotency
      ? enqueueOnce(env, request, idempotency, { user: null })
      : enqueueRequest(env, request, { user: null });
  }

  /** Makes an order as it is sent. */
  order(n: number): Record<string, unknown> {
    const plan = this.lives[n]?.plan;
    if (plan?.kind !== "order") {
      throw new Error("not an order");
    }
    const sku = plan.content === "unknown sku" ? "P999" : "P1";
    return {
      n,
      id: `${this.#name}:${plan.orderKey}`,
      cliente: "ACME Corp",
      productos: plan.content === "empty" ? [] : [{ sku, cantidad: 1 }],
    };
  }
}
