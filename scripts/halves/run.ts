/**
 * The run: one deployment after the other, each on a state of its own. In each phase orders come in
 * and all that was accepted before must end, by whichever version is at work; what is on its way at
 * its end, a paused queue and a catalogue that is down are left to the next.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../test/support/random.ts";
import { Faults } from "../chaos/faults.ts";
import { Producer } from "../chaos/producer.ts";
import { Api, OPEN_STATES, signIn } from "../harness/api.ts";
import { startCatalogue } from "../harness/catalogue.ts";
import type { Task } from "../harness/rows.ts";
import { type Server, startServer } from "../harness/server.ts";
import { judge, type Verdict } from "../harness/verdict.ts";
import type { Mode, Seen } from "./contract.ts";
import { Errands, TRACKED_MODULE } from "./errands.ts";
import { Listener } from "./listener.ts";
import type { Options } from "./options.ts";
import { modeOf, type Phase } from "./phases.ts";
import { IMPATIENT } from "../harness/impatient.ts";
import { BothVersions } from "./project.ts";

const CATALOGUE_LATENCY_MS = 10;
/** So long a version that waits for a migration is left waiting. */
const WAIT_MS = 3000;
const LOOK_MS = 300;
const MAX_LINES = 5;
const SCOPES = ["orders:write", "orders:read", "tasks:read", "tasks:write", "tasks:track"];
/** What no fallback hides: a version called what the other does not have. */
const MISUNDERSTOOD = /does not implement|is not a function|Cannot read properties/;

const VARIABLES = {
  ...IMPATIENT,
  DEMO_ENABLED: "true",
};

export type Result = Partial<Omit<Verdict, "wrongs">> & Record<string, unknown> & { ok: boolean };

export class Deployment {
  readonly #phases: Phase[];
  readonly #options: Options;
  readonly #say: (line: string) => void;
  readonly #random: () => number;
  readonly #faults: Faults;
  readonly #producer: Producer;
  readonly #errands: Errands;
  readonly #wrongs: string[] = [];
  readonly #served: Record<string, Record<string, number>> = {};
  #unmigrated = 0;
  #both!: BothVersions;
  #server: Server | undefined;
  #api!: Api;
  #cookie = "";
  #listener: Listener | undefined;

  constructor(phases: Phase[], options: Options, say: (line: string) => void) {
    this.#phases = phases;
    this.#options = options;
    this.#say = say;
    const { seed } = options;
    this.#random = seededRandom(seed);
    this.#faults = new Faults(options.faults, seededRandom(seed + 1));
    this.#producer = new Producer(seed + 2, 1_000_000);
    this.#errands = new Errands(seededRandom(seed + 4), 9_000_000);
  }

  async run(): Promise<{ result: Result; wrongs: string[] }> {
    const catalogue = await startCatalogue(CATALOGUE_LATENCY_MS, this.#faults.misbehave);
    try {
      this.#both = new BothVersions(this.#options.commit, {
        ...VARIABLES,
        CATALOGUE_URL: catalogue.url,
      });
      for (const phase of this.#phases) {
        await this.#phase(phase);
      }
      return await this.#end();
    } catch (error) {
      await this.#collect().catch(() => undefined);
      const wrongs = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
      return { result: { ok: false }, wrongs: [...this.#wrongs, ...wrongs] };
    } finally {
      this.#listener?.close();
      catalogue.close();
    }
  }

  async #phase(phase: Phase): Promise<void> {
    const { name, waits, migrates, leaves } = phase;
    const startedAt = Date.now();
    await this.#enter(phase);
    this.#faults.outage = false;
    const heard = this.#listener?.heard ?? 0;
    this.#producer.plan(this.#options.orders);
    const load = waits
      ? this.#send(Date.now() + WAIT_MS)
      : Promise.all([this.#send(), this.#errands.run(this.#api, this.#cookie)]);
    if (migrates) {
      await sleep(WAIT_MS / 2);
      const applied = await this.#tell<string[]>("/halves/migrations", this.#both.migrations);
      this.#say(`  migrations applied: ${applied.join(", ") || "none is missing"}`);
    }
    await load;
    if (!waits) {
      await this.#expectEnds(name);
      if (this.#listener?.heard === heard) {
        this.#wrongs.push(`${name}: an open page heard nothing`);
      }
      await this.#leave(leaves);
    }
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    this.#say(`${name}: ${seconds} s; ${this.#producer.accepted().size} orders accepted so far`);
  }

  async #enter(phase: Phase): Promise<void> {
    const mode = modeOf(phase, this.#both.classes, this.#random);
    if (this.#server && !phase.killed) {
      await this.#tell("/halves", mode);
    } else {
      await this.#collect();
      await this.#server?.kill();
      await this.#start(mode);
    }
    // Whoever paused it, this version lets it go on.
    await this.#api.ask("POST", "/api/tasks/queues/orders/resume/");
  }

  /** Starts a server on the state of the last one. */
  async #start(mode: Mode): Promise<void> {
    this.#both.write(mode);
    const persistTo = this.#server?.persistTo;
    const server = await startServer({
      folder: this.#both.folder,
      ...(persistTo === undefined ? {} : { persistTo }),
    });
    if (this.#options.logs) {
      server.run.process.stdout?.on("data", (data: Buffer) => process.stderr.write(data));
    }
    if (this.#server) {
      this.#api = new Api(server.url, this.#api.key);
      this.#listener?.moveTo(this.#api);
    } else {
      this.#cookie = await signIn(server.url, server.admin);
      this.#api = await Api.withKey(server.url, this.#cookie, SCOPES);
      this.#listener = new Listener(this.#api);
    }
    this.#server = server;
  }

  /** Sends until all is accepted, or until a time. */
  async #send(until = Date.now() + this.#options.patience * 1000): Promise<void> {
    do {
      await this.#producer.send(this.#api, () => false);
    } while (this.#producer.unanswered > 0 && Date.now() < until);
  }

  /** Leaves work on its way, and what holds it up. */
  async #leave(leaves: Phase["leaves"]): Promise<void> {
    this.#faults.outage = leaves === "outage";
    if (leaves === "export") {
      await this.#beginExport();
    }
    if (leaves === "pause") {
      await this.#api.ask("POST", "/api/tasks/queues/orders/pause/", { reason: "halves" });
    }
    this.#producer.plan(this.#options.orders);
    await this.#send();
  }

  /** Begins a file of several parts, the first of which is there before this returns. */
  async #beginExport(): Promise<void> {
    const parts = async () => (await this.#api.get<Seen>("/halves")).parts;
    const before = await parts();
    await this.#errands.beginExport(this.#api);
    const until = Date.now() + this.#options.patience * 1000;
    while ((await parts()) === before) {
      if (Date.now() > until) {
        throw new Error("An export did not come to its first part");
      }
      await sleep(LOOK_MS);
    }
    await sleep(LOOK_MS); // its checkpoint
  }

  /** All that was accepted must end in this very phase, by the versions at work in it. */
  async #expectEnds(phase: string): Promise<void> {
    const until = Date.now() + this.#options.patience * 1000;
    let open: Task[];
    do {
      await sleep(LOOK_MS);
      open = await this.#openTasks();
    } while (open.length > 0 && Date.now() < until);
    if (open.length > 0) {
      this.#wrongs.push(`${phase}: ${open.length} tasks did not end: ${JSON.stringify(open[0])}`);
    }
  }

  async #openTasks(): Promise<Task[]> {
    const lists = OPEN_STATES.map((status) =>
      this.#api.all<Task>(`/api/tasks/executions/?limit=200&status=${status}`),
    );
    return (await Promise.all(lists)).flat().filter(({ task_module: of }) => of !== TRACKED_MODULE);
  }

  async #tell<Answer>(path: string, body: unknown): Promise<Answer> {
    const answer = await this.#api.ask("POST", path, body);
    if (!answer.ok) {
      throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    }
    return (await answer.json()) as Answer;
  }

  /** What the server saw, and what its lines tell. */
  async #collect(): Promise<Seen | undefined> {
    if (!this.#server) {
      return undefined;
    }
    const seen = await this.#api.get<Seen>("/halves");
    this.#wrongs.push(...seen.wrongs);
    const lines = this.#server.logs().split("\n");
    this.#wrongs.push(...lines.filter((line) => MISUNDERSTOOD.test(line)).slice(0, MAX_LINES));
    this.#unmigrated += seen.unmigrated;
    for (const [version, counts] of Object.entries(seen.served)) {
      const sum = (this.#served[version] ??= { requests: 0, messages: 0, objects: 0 });
      for (const [what, count] of Object.entries(counts)) {
        sum[what] = (sum[what] ?? 0) + count;
      }
    }
    return seen;
  }

  async #end(): Promise<{ result: Result; wrongs: string[] }> {
    this.#faults.calm();
    await this.#expectEnds("the end");
    await this.#errands.expectFiles(this.#api);
    const tasks = new Map((await this.#api.tasks()).map((task) => [task.id, task]));
    const isOrder = ({ id, task_module: of }: Task) =>
      of === "pedidos" && this.#errands.ends.get(id) !== "REVOKED";
    const { wrongs, ...verdict } = judge({
      accepted: new Map([...this.#producer.accepted(), ...this.#errands.orders]),
      tasks: [...tasks.values()].filter(isOrder),
      pedidos: await this.#api.pedidos(),
    });
    const [counted, recounted] = (await this.#collect())?.counts ?? [];
    if (JSON.stringify(counted) !== JSON.stringify(recounted)) {
      wrongs.push(`statistics: ${JSON.stringify(counted)}, recounted ${JSON.stringify(recounted)}`);
    }
    wrongs.push(...this.#wrongs, ...this.#producer.wrongs, ...this.#errands.judge(tasks));
    if (!this.#phases.some(({ killed }) => killed)) {
      const crashed = [...tasks.values()].filter(({ timeline }) =>
        timeline.some(({ event }) => event === "crashed"),
      );
      wrongs.push(
        ...crashed.map(({ id }) => `${id} is said to have lost its worker, and none died`),
      );
    }
    const code = await this.#server?.stop();
    if (code !== 0) {
      wrongs.push(`the server ended with ${code}`);
    }
    const { accepted } = { accepted: this.#producer.accepted().size };
    const result = {
      orders: this.#producer.ordersSent,
      accepted,
      ...verdict,
      ...this.#producer.counts,
      errands: this.#errands.ends.size,
      unmigrated: this.#unmigrated,
      served: this.#served,
      ok: wrongs.length === 0 && accepted === this.#producer.ordersSent,
    };
    return { result, wrongs };
  }
}
