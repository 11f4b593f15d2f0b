/**
 * A run has rounds of load and SIGKILL on one state, a last server that is left in peace, and the
 * count. Local queues live in memory, so a kill really loses their messages. Leases are short by
 * configuration, so that the dead are given up on soon.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Queues } from "../../test/platform/queues.ts";
import { seededRandom } from "../../test/support/random.ts";
import { Api } from "../harness/api.ts";
import { startCatalogue } from "../harness/catalogue.ts";
import { productIdOf } from "../harness/expected.ts";
import { IMPATIENT } from "../harness/impatient.ts";
import { startQueues } from "../harness/platform.ts";
import { type Server, startServer } from "../harness/server.ts";
import type { LocalSite } from "../harness/local-site.ts";
import type { Order } from "../harness/orders.ts";
import { PRICES } from "../harness/products.ts";
import { judge, type Verdict } from "../harness/verdict.ts";
import { Faults } from "./faults.ts";
import type { Options } from "./options.ts";
import { Producer } from "./producer.ts";

const CATALOGUE_LATENCY_MS = 10;
/** The kill comes within this time of the round's first request. */
const KILL_WITHIN_MS = 3000;
const OUTAGE_SHARE = 0.3;
const MAX_OUTAGE_MS = 1000;

/** --strict sets the platform so. */
const PLATFORM = { roundTripMs: 5, writeMs: 2, readMs: 0.2, faults: 0.02 };
const SEND_MS = 10;
const DOUBLES = 0.05;

export type Result = Omit<Verdict, "wrongs"> & Record<string, unknown> & { ok: boolean };

export class Chaos {
  readonly #options: Options;
  readonly #say: (line: string) => void;
  readonly #random: () => number;
  readonly #faults: Faults;
  readonly #producer: Producer;
  readonly #counts = { kills: 0, openAtKills: 0 };
  readonly #recovered = { lapsedLeases: 0, resentTasks: 0 };
  #queues: Queues | undefined;
  #server: Server | undefined;
  #api: Api | undefined;

  constructor(options: Options, say: (line: string) => void) {
    this.#options = options;
    this.#say = say;
    // Each draws apart: how often the catalogue is asked must not change the orders.
    this.#random = seededRandom(options.seed);
    this.#faults = new Faults(options.faults, seededRandom(options.seed + 1));
    this.#producer = new Producer(options.seed + 2, 1_000_000);
  }

  async run(): Promise<{ result: Result; wrongs: string[] }> {
    const startedAt = Date.now();
    const catalogue = await startCatalogue(CATALOGUE_LATENCY_MS, this.#faults.misbehave);
    if (this.#options.strict) {
      const random = seededRandom(this.#options.seed + 3);
      this.#queues = await startQueues({ sendMs: SEND_MS, doubles: DOUBLES, random });
    }
    try {
      for (let round = 1; round <= this.#options.rounds; round++) {
        await this.#round(round, catalogue);
      }
      return await this.#end(catalogue, startedAt);
    } finally {
      catalogue.close();
      this.#queues?.close();
    }
  }

  async #round(round: number, catalogue: LocalSite): Promise<void> {
    const killAfterMs = Math.floor(this.#random() * KILL_WITHIN_MS);
    const outageMs = this.#random() < OUTAGE_SHARE ? this.#random() * MAX_OUTAGE_MS : 0;
    this.#faults.sick = this.#drawProduct();
    this.#faults.slow = this.#drawProduct();
    const { api, server } = await this.#start(catalogue);
    this.#producer.plan(this.#options.orders);
    let gone = false;
    this.#faults.outage = outageMs > 0;
    const outage = sleep(outageMs).then(() => (this.#faults.outage = false));
    const sending = this.#producer.send(api, () => gone);
    sending.catch(() => undefined); // awaited below, once the kill is done
    await sleep(killAfterMs);
    gone = true;
    this.#queues?.deliverTo();
    await server.kill();
    this.#counts.kills += 1;
    await sending;
    await outage;
    this.#countRecovered(server);
    this.#say(
      `round ${round} of ${this.#options.rounds}: killed after ${killAfterMs} ms` +
        `${outageMs > 0 ? `, an outage of ${Math.floor(outageMs)} ms` : ""}; ` +
        `${this.#producer.accepted().size} of ${this.#producer.ordersSent} orders accepted so far`,
    );
  }

  async #end(
    catalogue: LocalSite,
    startedAt: number,
  ): Promise<{ result: Result; wrongs: string[] }> {
    const { api, server } = await this.#start(catalogue);
    this.#faults.calm();
    const until = Date.now() + this.#options.patience * 1000;
    while (this.#producer.unanswered > 0 && Date.now() < until) {
      await this.#producer.send(api, () => false);
    }
    const heldUp = await this.#heldUp(api);
    this.#faults.heal();
    let waiting = 0;
    const stuck = await api.untilFinal(this.#options.patience, (open) => {
      if (open !== waiting) {
        waiting = open;
        this.#say(`${open} tasks still open`);
      }
    });
    const accepted = this.#producer.accepted();
    const { wrongs, ...verdict } = judge({
      accepted,
      tasks: await api.tasks(),
      pedidos: await api.pedidos(),
    });
    wrongs.push(...this.#producer.wrongs);
    this.#countRecovered(server);
    const code = await server.stop();
    if (code !== 0) {
      wrongs.push(`the server ended with ${code}`);
    }
    const { rounds, seed } = this.#options;
    const result = {
      rounds,
      seed,
      orders: this.#producer.ordersSent,
      accepted: accepted.size,
      ...this.#counts,
      ...verdict,
      stuck,
      heldUpBySick: heldUp,
      ...this.#producer.counts,
      ...this.#recovered,
      catalogueFaults: this.#faults.total,
      sickAnswers: this.#faults.counts["sick product"] ?? 0,
      slowAnswers: this.#faults.counts["slow product"] ?? 0,
      worstAnswer: this.#faults.most,
      ...(this.#queues && { queues: this.#queues.counts }),
      seconds: Math.round((Date.now() - startedAt) / 1000),
      ok:
        wrongs.length === 0 &&
        stuck === 0 &&
        heldUp === 0 &&
        accepted.size === this.#producer.ordersSent,
    };
    return { result, wrongs };
  }

  /** Counts the orders without the sick product that are still open when patience ends. */
  async #heldUp(api: Api): Promise<number> {
    const accepted = this.#producer.accepted();
    const sick = String(this.#faults.sick);
    const needsSick = ({ productos }: Order) =>
      productos.some(({ sku }) => productIdOf(sku) === sick);
    const until = Date.now() + this.#options.patience * 1000;
    for (;;) {
      const open = await api.openTasks();
      const others = open.filter(({ id }) => {
        const order = accepted.get(id);
        return order && !needsSick(order);
      });
      if (others.length === 0 || Date.now() >= until) {
        this.#say(`${open.length} tasks wait for the sick product, ${others.length} others`);
        return others.length;
      }
      await sleep(1000);
    }
  }

  #drawProduct(): number {
    return 1 + Math.floor(this.#random() * PRICES.length);
  }

  /** Starts a server on the state of the last one, and notes what that one left open. */
  async #start(catalogue: LocalSite): Promise<{ api: Api; server: Server }> {
    const vars = { ...IMPATIENT, CATALOGUE_URL: catalogue.url };
    const queues = this.#queues;
    const settings = { ...PLATFORM, seed: this.#options.seed + this.#counts.kills };
    const server = await startServer({
      vars,
      persistTo: this.#server?.persistTo,
      ...queues?.argumentsFor(settings),
      logs: this.#options.logs,
    });
    queues?.deliverTo(server.url);
    this.#server = server;
    const api = this.#api
      ? new Api(server.url, this.#api.key)
      : await Api.signIn(server.url, server.admin);
    this.#api = api;
    this.#counts.openAtKills += await api.countOpen();
    return { api, server };
  }

  #countRecovered(server: Server): void {
    for (const [line] of server.logs().matchAll(/\{"event":"recovery\.recovered".*\}/g)) {
      const { lapsedLeases, resentTasks } = JSON.parse(line) as Record<string, number>;
      this.#recovered.lapsedLeases += lapsedLeases ?? 0;
      this.#recovered.resentTasks += resentTasks ?? 0;
    }
  }
}
