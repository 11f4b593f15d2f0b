/** This is as much of a Cloudflare account as `npm run deploy` asks for, served over HTTP. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Bindings are what is uploaded as a binding, a variable or a secret. */
export type Bindings = { name: string; type: string; text?: string }[];

export interface Holdings {
  /** The secrets of each Worker, by its name. */
  workers: Record<string, string[]>;
  /** The migrations applied to each D1 database, by its name. */
  databases: Record<string, string[]>;
  buckets: string[];
  queues: string[];
}

export class Account {
  readonly holds: Holdings;
  /** `changed` has every request that did more than read. */
  readonly changed: string[] = [];
  /** `deployed` has the bindings of each deployed Worker, by its name. */
  readonly deployed: Record<string, Bindings> = {};
  /** `losesMigrations` makes it say that a migration went well, and not apply it. */
  losesMigrations = false;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  constructor(holds: Partial<Holdings> = {}) {
    this.holds = structuredClone({
      workers: {},
      databases: {},
      buckets: [],
      queues: [],
      ...holds,
    });
  }

  /** Starts the account, and returns the variables with which wrangler works on it. */
  async open(): Promise<Record<string, string>> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const { port } = this.#server.address() as AddressInfo;
    return {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
      CLOUDFLARE_API_TOKEN: "x",
      CLOUDFLARE_ACCOUNT_ID: "0123456789abcdef0123456789abcdef",
    };
  }

  close(): void {
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const { pathname, searchParams } = new URL(request.url ?? "", "http://account");
    const of = pathname.split("/").slice(5).join("/");
    const body = Buffer.concat(chunks).toString();
    const result =
      request.method === "GET"
        ? this.#read(of, searchParams.get("name"))
        : this.#change(`${request.method} ${of}`, body);
    response.statusCode = result === undefined ? 404 : 200;
    const errors =
      result === undefined
        ? [{ code: of.startsWith("r2/") ? 10006 : 10007, message: "not found" }]
        : [];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ success: errors.length === 0, errors, messages: [], result }));
  }

  #read(of: string, name: string | null): unknown {
    const { workers, databases, buckets, queues } = this.holds;
    const database = (each: string) => ({ name: each, uuid: `id-of-${each}` });
    const last = of.split("/").at(-1) ?? "";
    const [, worker = ""] = /^workers\/(?:scripts|services)\/([^/]+)/.exec(of) ?? [];
    const isThere = worker in workers;
    const answers: [RegExp, () => unknown][] = [
      [/^d1\/database$/, () => Object.keys(databases).map(database)],
      [/^d1\/database\/[^/]+$/, () => (last in databases ? database(last) : undefined)],
      [/^r2\/buckets$/, () => ({ buckets: buckets.map((each) => ({ name: each })) })],
      [/^r2\/buckets\/[^/]+$/, () => (buckets.includes(last) ? { name: last } : undefined)],
      [
        /^r2\/.+\/lifecycle$/,
        () => (buckets.some((each) => of.includes(`/${each}/`)) ? { rules: [] } : undefined),
      ],
      [/^queues$/, () => queues.filter((each) => (name ?? each) === each).map(queue)],
      [/\/secrets$/, () => workers[worker]?.map((each) => ({ name: each, type: "secret_text" }))],
      [/^workers\/workers\/[^/]+$/, () => ({ name: last, subdomain: { enabled: true } })],
      [/^workers\/services\/[^/]+$/, () => (isThere ? service(worker) : undefined)],
      [/\/deployments$/, () => (isThere ? { deployments: [] } : undefined)],
      [/\/settings$/, () => (isThere ? { bindings: [] } : undefined)],
      [/\/subdomain$/, () => ({ subdomain: "example", enabled: true, previews_enabled: false })],
      [/\/(consumers|schedules|routes|domains)/, () => []],
    ];
    return answers.find(([pattern]) => pattern.test(of))?.[1]();
  }

  #change(what: string, body: string): unknown {
    const [, worker] = /^PUT workers\/scripts\/([^/]+)$/.exec(what) ?? [];
    if (worker !== undefined) {
      this.changed.push(what);
      const metadata = /^\{"main_module".*$/m.exec(body)?.[0] ?? "{}";
      this.deployed[worker] = (JSON.parse(metadata) as { bindings: Bindings }).bindings;
      return { id: worker, deployment_id: "0".repeat(32), startup_time_ms: 1 };
    }
    const [, database] = /^POST d1\/database\/id-of-([^/]+)\/query$/.exec(what) ?? [];
    if (database !== undefined) {
      return [{ success: true, results: this.#query(database, body), meta: {} }];
    }
    this.changed.push(`${what} ${body}`);
    const made = (body.startsWith("{") ? JSON.parse(body) : {}) as Record<string, string>;
    if (what === "POST d1/database") {
      this.holds.databases[made["name"] ?? ""] = [];
    } else if (what === "POST r2/buckets") {
      this.holds.buckets.push(made["name"] ?? "");
    } else if (what === "POST queues") {
      this.holds.queues.push(made["queue_name"] ?? "");
    }
    return { ...made, uuid: `id-of-${made["name"]}`, queue_id: made["queue_name"] };
  }

  #query(database: string, sql: string): unknown[] {
    const applied = this.holds.databases[database] ?? [];
    const [, migration] = /values \('(\d{4}_\w+\.sql)'\)/.exec(sql) ?? [];
    if (migration !== undefined && !this.losesMigrations) {
      applied.push(migration);
      this.changed.push(`migration of ${database}`);
    }
    return sql.includes("SELECT *") ? applied.map((each) => ({ name: each })) : [];
  }
}

function queue(name: string) {
  return { queue_name: name, queue_id: name, producers: [], consumers: [] };
}

function service(name: string) {
  const script = { id: name, tag: "t", last_deployed_from: "wrangler" };
  return { id: name, default_environment: { environment: "production", script } };
}
