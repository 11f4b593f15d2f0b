/**
 * Two versions of the Worker run in one, on one state, as they do for some minutes of a deployment:
 * each request, message and object is served by one of them or the other. POST /halves says by
 * which, POST /halves/migrations applies what is missing, and GET /halves tells what was seen.
 */
import { type DurableObject, exports } from "cloudflare:workers";
import type { Migration, Mode, Seen, VersionName } from "../../scripts/halves/contract";
import { COUNTED, RECOUNT } from "./recount-sql";

/** Version is what src/index.ts exports: its handlers, and classes of objects. */
export type Version = { default: Required<ExportedHandler<Env>> } & Record<string, unknown>;

interface Side {
  version: Version;
  /** The names that its wrangler.toml binds. */
  bindings: readonly string[];
  vars: Record<string, string>;
}

const MAX_WRONGS = 50;
const PART_MS = 3000;

interface Leaving extends DurableObject {
  leave(): Promise<void>;
}

export function sideBySide(sides: Record<VersionName, Side>, mode: Mode) {
  const seen: Omit<Seen, "counts"> = {
    wrongs: [],
    unmigrated: 0,
    parts: 0,
    served: {
      previous: { requests: 0, messages: 0, objects: 0 },
      current: { requests: 0, messages: 0, objects: 0 },
    },
  };
  const environments = new Map<VersionName, Env>();
  /** `made` has the ids of the objects that were made, by class. */
  const made = new Map<string, Set<string>>();

  const wrong = (what: string) => void (seen.wrongs.length < MAX_WRONGS && seen.wrongs.push(what));
  const draw = (share: number): VersionName => (Math.random() < share ? "current" : "previous");

  /** Returns what the version's own wrangler.toml makes: the same object for the isolate's life. */
  function environmentOf(name: VersionName, env: Env): Env {
    const { bindings, vars } = sides[name];
    const bound = Object.entries(env).filter(([binding]) => bindings.includes(binding));
    const files = slowly(env.FILES, () => (seen.parts += 1));
    const made = { ...Object.fromEntries(bound), ...vars, FILES: files } as unknown as Env;
    const own = environments.get(name) ?? made;
    environments.set(name, own);
    return own;
  }

  async function serve(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const name = draw(mode.requests);
    const what = `${name}: ${request.method} ${new URL(request.url).pathname}`;
    seen.served[name].requests += 1;
    const response = await sides[name].version.default.fetch(
      request as never,
      environmentOf(name, env),
      ctx,
    );
    if (response.status >= 500) {
      const text = await response.clone().text();
      if (response.status !== 503 || !response.headers.has("retry-after")) {
        wrong(`${what} answered ${response.status}: ${text.slice(0, 300)}`);
      }
      seen.unmigrated += text.includes("missing_migration") ? 1 : 0;
    }
    return response;
  }

  /**
   * Gives each version its share of a batch at the same time, as two consumers of a queue get
   * theirs.
   */
  async function consume(batch: MessageBatch, env: Env, ctx: ExecutionContext): Promise<void> {
    const shares = [...Map.groupBy(batch.messages, () => draw(mode.messages))];
    await Promise.all(
      shares.map(async ([name, messages]) => {
        seen.served[name].messages += messages.length;
        const share = { queue: batch.queue, metadata: batch.metadata, messages };
        const ackAll = () => messages.forEach((message) => message.ack());
        const retryAll = (how?: QueueRetryOptions) =>
          messages.forEach((message) => message.retry(how));
        try {
          await sides[name].version.default.queue(
            { ...share, ackAll, retryAll },
            environmentOf(name, env),
            ctx,
          );
        } catch (error) {
          wrong(`${name}: a batch of ${batch.queue} threw ${String(error)}`);
          retryAll();
        }
      }),
    );
  }

  /** Makes the class to export under a name. */
  function object(className: string) {
    const classOf = (wanted: VersionName) => {
      // A version that does not know a class has no object of it.
      const name = className in sides[wanted].version ? wanted : "current";
      const own = sides[name].version[className];
      return class extends (own as typeof DurableObject<Env>) {
        constructor(ctx: DurableObjectState, env: Env) {
          super(ctx, environmentOf(name, env));
          seen.served[name].objects += 1;
          made.set(className, (made.get(className) ?? new Set()).add(ctx.id.toString()));
        }

        /** Ends as the platform ends an object whose code was updated. */
        leave(): void {
          this.ctx.abort("Durable Object reset because its code was updated.");
        }
      };
    };
    const classes = { previous: classOf("previous"), current: classOf("current") };
    return new Proxy(classes.current, {
      construct: (_, [ctx, env]: [DurableObjectState, Env]) =>
        new classes[mode.objects[className] ?? "current"](ctx, env),
    });
  }

  async function switchTo(next: Mode): Promise<void> {
    const moved = Object.keys(next.objects).filter((of) => next.objects[of] !== mode.objects[of]);
    Object.assign(mode, next);
    for (const className of moved) {
      const namespace = (exports as unknown as Record<string, DurableObjectNamespace<Leaving>>)[
        className
      ];
      for (const id of made.get(className) ?? []) {
        await namespace
          ?.get(namespace.idFromString(id))
          .leave()
          .catch(() => undefined); // The call rejects, as the object ends in the middle of it.
      }
    }
  }

  async function migrate(db: D1Database, migrations: Migration[]): Promise<string[]> {
    const { results } = await db.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
    const applied = new Set(results.map(({ name }) => name));
    const missing = migrations.filter(({ name }) => !applied.has(name));
    for (const { name, queries } of missing) {
      const note = db.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").bind(name);
      await db.batch([...queries.map((query) => db.prepare(query)), note]);
    }
    return missing.map(({ name }) => name);
  }

  async function tell(db: D1Database): Promise<Seen> {
    const counts = await db.batch([db.prepare(COUNTED), db.prepare(RECOUNT)]);
    return { ...seen, counts: counts.map(({ results }) => results) };
  }

  const handlers: ExportedHandler<Env> = {
    async fetch(request, env, ctx) {
      switch (`${request.method} ${new URL(request.url).pathname}`) {
        case "POST /halves":
          await switchTo(await request.json());
          return Response.json({});
        case "POST /halves/migrations":
          return Response.json(await migrate(env.DB, await request.json()));
        case "GET /halves":
          return Response.json(await tell(env.DB));
        default:
          return serve(request, env, ctx);
      }
    },
    queue: consume,
  };
  return { handlers, object };
}

/** Wraps a bucket so that a part of a file takes its time, and a version may be gone meanwhile. */
function slowly(files: R2Bucket, onPart: () => void): R2Bucket {
  const slow = (upload: R2MultipartUpload): R2MultipartUpload => ({
    key: upload.key,
    uploadId: upload.uploadId,
    async uploadPart(number, value) {
      await scheduler.wait(PART_MS);
      const part = await upload.uploadPart(number, value);
      onPart();
      return part;
    },
    complete: (parts) => upload.complete(parts),
    abort: () => upload.abort(),
  });
  return {
    put: (key: string, value: string, options?: R2PutOptions) => files.put(key, value, options),
    get: (key: string) => files.get(key),
    head: (key: string) => files.head(key),
    delete: (keys: string | string[]) => files.delete(keys),
    list: (options?: R2ListOptions) => files.list(options),
    createMultipartUpload: async (key: string, options?: R2MultipartOptions) =>
      slow(await files.createMultipartUpload(key, options)),
    resumeMultipartUpload: (key: string, id: string) => slow(files.resumeMultipartUpload(key, id)),
  };
}
