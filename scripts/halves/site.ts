/** The site is the server that runs both versions, started anew on its state after each kill. */
import { Api, signIn } from "../harness/api.ts";
import { IMPATIENT } from "../harness/impatient.ts";
import { Listener } from "../harness/listener.ts";
import { type Server, startServer } from "../harness/server.ts";
import type { Mode, Seen } from "./contract.ts";
import type { Options } from "./options.ts";
import { modeOf, type Phase } from "./phases.ts";
import { BothVersions } from "./project.ts";

const SCOPES = ["orders:write", "orders:read", "tasks:read", "tasks:write", "tasks:track"];
const MAX_LINES = 5;
/** No fallback hides that a version called what the other does not have. */
const MISUNDERSTOOD = /does not implement|is not a function|Cannot read properties/;

export class Site {
  readonly wrongs: string[] = [];
  readonly served: Record<string, Record<string, number>> = {};
  unmigrated = 0;
  /** Whoever looks at the console has this session. */
  cookie = "";
  api!: Api;
  readonly #both: BothVersions;
  readonly #logs: boolean;
  readonly #random: () => number;
  #server: Server | undefined;
  #listener: Listener | undefined;

  constructor({ commit, logs }: Options, catalogueUrl: string, random: () => number) {
    const vars = { ...IMPATIENT, DEMO_ENABLED: "true", CATALOGUE_URL: catalogueUrl };
    this.#both = new BothVersions(commit, vars);
    this.#logs = logs;
    this.#random = random;
  }

  /** Counts the messages that an open page was told. */
  get heard(): number {
    return this.#listener?.heard ?? 0;
  }

  /** Puts the versions of a phase to work. */
  async enter(phase: Phase): Promise<void> {
    const mode = modeOf(phase, this.#both.classes, this.#random);
    if (this.#server && !phase.killed) {
      await this.#tell("/halves", mode);
    } else {
      await this.collect();
      await this.#server?.kill();
      await this.#start(mode);
    }
    // This version lets the queue go on, whichever paused it.
    await this.api.ask("POST", "/api/tasks/queues/orders/resume/");
  }

  /** Applies what is missing in the schema, and returns the names of what it applied. */
  migrate(): Promise<string[]> {
    return this.#tell("/halves/migrations", this.#both.migrations);
  }

  look(): Promise<Seen> {
    return this.api.get("/halves");
  }

  /** Collects what the server saw, and what its lines tell, before it is gone. */
  async collect(): Promise<Seen | undefined> {
    if (!this.#server) {
      return undefined;
    }
    const seen = await this.look();
    this.wrongs.push(...seen.wrongs);
    const lines = this.#server.logs().split("\n");
    this.wrongs.push(...lines.filter((line) => MISUNDERSTOOD.test(line)).slice(0, MAX_LINES));
    this.unmigrated += seen.unmigrated;
    for (const [version, counts] of Object.entries(seen.served)) {
      const sum = (this.served[version] ??= { requests: 0, messages: 0, objects: 0 });
      for (const [what, count] of Object.entries(counts)) {
        sum[what] = (sum[what] ?? 0) + count;
      }
    }
    return seen;
  }

  async stop(): Promise<void> {
    const code = await this.#server?.stop();
    if (code !== 0) {
      this.wrongs.push(`the server ended with ${code}`);
    }
  }

  close(): void {
    this.#listener?.close();
  }

  async #start(mode: Mode): Promise<void> {
    this.#both.write(mode);
    const server = await startServer({
      folder: this.#both.folder,
      logs: this.#logs,
      persistTo: this.#server?.persistTo,
    });
    if (this.#server) {
      this.api = new Api(server.url, this.api.key);
      this.#listener?.moveTo(this.api);
    } else {
      this.cookie = await signIn(server.url, server.admin);
      this.api = await Api.withKey(server.url, this.cookie, SCOPES);
      this.#listener = new Listener(this.api);
    }
    this.#server = server;
  }

  async #tell<Answer>(path: string, body: unknown): Promise<Answer> {
    const answer = await this.api.ask("POST", path, body);
    if (!answer.ok) {
      throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    }
    return (await answer.json()) as Answer;
  }
}
