import { env as realEnv } from "cloudflare:workers";
import { guarded } from "../../src/db/guarded";
import { batchOf } from "../platform/batch";
import type { Waiting } from "../platform/queue";
import type { Answer } from "../platform/wire";
import { AT_ONCE, faultyDatabase } from "./faults";
import { faultOf } from "./model-faults";
import type { DeliveryPlan, Ending } from "./model-plans";

/** Delivery is a batch on its way through a consumer, which may be held up and may die. */
export class Delivery {
  readonly batch: MessageBatch;
  readonly answers: Map<string, Answer>;
  /** `entered` resolves when a handler is reached. */
  readonly entered = Promise.withResolvers<void>();
  readonly died = Promise.withResolvers<void>();
  readonly ending: Ending;
  /** `cannotSettle` says that it may leave its lease behind though it lives. */
  readonly cannotSettle: boolean;
  /** `ended` is the consumer's whole run. */
  ended: Promise<void> = Promise.resolve();
  dead = false;
  /** `over` says that it has ended, or is dead. */
  over = false;
  readonly #plan: DeliveryPlan;
  #gate = Promise.withResolvers<void>();

  constructor(
    readonly messages: Waiting[],
    plan: DeliveryPlan,
  ) {
    this.#plan = plan;
    ({ batch: this.batch, answers: this.answers } = batchOf(messages));
    this.ending = plan.ending;
    this.cannotSettle = plan.claim?.times === "always" || plan.settle?.times === "always";
    if (!plan.held) {
      this.#gate.resolve();
    }
  }

  start(run: Promise<void>): void {
    this.ended = run.finally(() => {
      this.over = true;
    });
  }

  async enter(): Promise<void> {
    this.entered.resolve();
    await this.#gate.promise;
  }

  release(): void {
    this.#gate.resolve();
  }

  /** Makes its calls fail from now on. */
  kill(): void {
    this.dead = true;
    this.over = true;
    this.died.resolve();
  }

  /** Makes it die in a handler, which goes on only when the world is over: see `release`. */
  async die(): Promise<void> {
    if (!this.dead) {
      this.#gate = Promise.withResolvers();
      this.kill();
    }
    await this.#gate.promise;
  }

  /** Returns the environment that the consumer works with. */
  environment(env: Env, enter: (env: Env) => Promise<void>): Env {
    const faults = [
      faultOf(this.#plan.claim, "INSERT INTO leases"),
      faultOf(this.#plan.settle, "DELETE FROM leases"),
    ];
    const DB = faultyDatabase((sql) => {
      this.#failIf(false);
      return faults.map((fault) => fault(sql)).find((fault) => fault !== null) ?? null;
    });
    const ORDER_REGISTRY = this.#registry(() => enter(own));
    const own: Env = guarded({ ...env, DB, ORDER_REGISTRY }, AT_ONCE);
    return own;
  }

  #registry(enter: () => Promise<void>): Env["ORDER_REGISTRY"] {
    type Stub = ReturnType<Env["ORDER_REGISTRY"]["getByName"]>;
    const { registry } = this.#plan;
    return {
      getByName: (name: string) => {
        const stub = realEnv.ORDER_REGISTRY.getByName(name);
        return {
          claimMany: async (...call: Parameters<Stub["claimMany"]>) => {
            await enter();
            this.#failIf(registry === "down");
            return stub.claimMany(...call);
          },
          settleMany: async (...call: Parameters<Stub["settleMany"]>) => {
            this.#failIf(registry !== "well");
            return stub.settleMany(...call);
          },
        };
      },
    } as unknown as Env["ORDER_REGISTRY"];
  }

  #failIf(fails: boolean): void {
    if (fails || this.dead) {
      throw new Error(this.dead ? "the worker is dead" : "overloaded");
    }
  }
}
