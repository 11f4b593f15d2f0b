/** The load is what the versions are given to do, from phase to phase; all of it must end. */
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../test/support/random.ts";
import { Faults } from "../chaos/faults.ts";
import { Producer } from "../chaos/producer.ts";
import type { Order } from "../harness/orders.ts";
import type { Task } from "../harness/rows.ts";
import { Errands, TRACKED_MODULE } from "./errands.ts";
import type { Options } from "./options.ts";
import type { Phase } from "./phases.ts";
import type { Site } from "./site.ts";

const LOOK_MS = 300;

export class Load {
  readonly faults: Faults;
  readonly producer: Producer;
  readonly errands: Errands;
  readonly #options: Options;

  constructor(options: Options) {
    const { seed } = options;
    this.#options = options;
    this.faults = new Faults(options.faults, seededRandom(seed + 1));
    this.producer = new Producer(seed + 2, 1_000_000);
    this.errands = new Errands(seededRandom(seed + 4), 9_000_000);
  }

  /** Returns every accepted order, by the id of its task. */
  accepted(): Map<string, Order> {
    return new Map([...this.producer.accepted(), ...this.errands.orders]);
  }

  /** Sends new orders, and what has no answer yet, until all is accepted, or until a time. */
  async send({ api }: Site, until = this.#patienceEnds()): Promise<void> {
    this.producer.plan(this.#options.orders);
    do {
      await this.producer.send(api, () => false);
    } while (this.producer.unanswered > 0 && Date.now() < until);
  }

  /** Leaves work on its way for the next phase, and what holds it up. */
  async leave(site: Site, leaves: Phase["leaves"]): Promise<void> {
    this.faults.outage = leaves === "outage";
    if (leaves === "export") {
      await this.#beginExport(site);
    }
    if (leaves === "pause") {
      await site.api.ask("POST", "/api/tasks/queues/orders/pause/", { reason: "halves" });
    }
    await this.send(site);
  }

  /** Expects all that was accepted to end in this very phase, by the versions at work in it. */
  async expectEnds({ api, wrongs }: Site, phase: string): Promise<void> {
    const until = this.#patienceEnds();
    let open: Task[];
    do {
      await sleep(LOOK_MS);
      const all = await api.openTasks();
      open = all.filter(({ task_module: of }) => of !== TRACKED_MODULE);
    } while (open.length > 0 && Date.now() < until);
    if (open.length > 0) {
      wrongs.push(`${phase}: ${open.length} tasks did not end: ${JSON.stringify(open[0])}`);
    }
  }

  /** Begins a file of several parts, the first of which is there before this returns. */
  async #beginExport(site: Site): Promise<void> {
    const { parts } = await site.look();
    await this.errands.beginExport(site.api);
    const until = this.#patienceEnds();
    while ((await site.look()).parts === parts) {
      if (Date.now() > until) {
        throw new Error("An export did not come to its first part");
      }
      await sleep(LOOK_MS);
    }
    await sleep(LOOK_MS); // until its checkpoint is written
  }

  #patienceEnds(): number {
    return Date.now() + this.#options.patience * 1000;
  }
}
