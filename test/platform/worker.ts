/**
 * This file runs the whole Worker on the strict platform, in place of src/index.ts: every binding
 * keeps to the settings, its queues are those of queues.ts, and each event is an invocation of its
 * own.
 */
import product, * as classes from "../../src/index";
import { seededRandom } from "../support/random";
import { batchOf, bindingOf } from "./batch";
import { stopClock } from "./clock";
import { strictD1 } from "./d1";
import { D1_ERROR_NAMES, type D1ErrorName } from "./d1-errors";
import { connect, invoke } from "./invocation";
import { OBJECT_ERRORS, type ObjectErrorName, strictObjects } from "./objects";
import type { PlatformSettings } from "./settings";
import { type DeliveredBatch, DELIVERY_PATH, SECRET_HEADER } from "./wire";

/** wrangler's --define sets PLATFORM. */
declare const PLATFORM: string;

const settings = JSON.parse(PLATFORM) as PlatformSettings;
const random = seededRandom(settings.seed);
const D1_FAULTS = D1_ERROR_NAMES.filter((name) => name !== "full");
const OBJECT_FAULTS = (Object.keys(OBJECT_ERRORS) as ObjectErrorName[]).filter(
  (name) => name !== "version before",
);

if (settings.stillClock) {
  stopClock();
}

const realFetch = globalThis.fetch;
globalThis.fetch = async (...call) => connect(() => realFetch(...call));

function struck<Name extends D1ErrorName | ObjectErrorName>(names: readonly Name[]) {
  const error = names[Math.floor(random() * names.length)];
  return error !== undefined && random() < settings.faults
    ? { error, committed: random() < 0.5 }
    : null;
}

/** The database does one thing at a time, whoever asks it, so all share one turn. */
const turn = { freeAt: 0 };

function strict(env: Env): Env {
  const bindings = Object.entries(env).map(([name, binding]: [string, unknown]) => {
    if (name === "DB") {
      return [name, databaseOf(binding as D1Database)];
    }
    if (name.startsWith("QUEUE_")) {
      return [name, producerOf(`pedidos-${name.slice(6).toLowerCase().replaceAll("_", "-")}`)];
    }
    if (name === "FILES") {
      return [name, connected(binding as object)];
    }
    const isObjects = typeof binding === "object" && binding !== null && "idFromName" in binding;
    return [name, isObjects ? objectsOf(binding as DurableObjectNamespace<never>) : binding];
  });
  return Object.fromEntries(bindings) as Env;
}

function databaseOf(db: D1Database): D1Database {
  const { roundTripMs, writeMs, readMs } = settings;
  return strictD1(db, { roundTripMs, writeMs, readMs, turn, fault: () => struck(D1_FAULTS) });
}

/** Wraps a binding so that its calls take connections. */
function connected<Binding extends object>(binding: Binding): Binding {
  return new Proxy(binding, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function"
        ? (...given: unknown[]) =>
            connect(async () => Reflect.apply(value, target, given) as Promise<unknown>)
        : value;
    },
  });
}

function objectsOf(namespace: DurableObjectNamespace<never>): DurableObjectNamespace<never> {
  const { roundTripMs } = settings;
  return strictObjects(namespace, { roundTripMs, fault: () => struck(OBJECT_FAULTS) });
}

function producerOf(name: string): Queue {
  const call = async (body: unknown): Promise<QueueMetrics> =>
    connect(async () => {
      const response = await realFetch(`${settings.queues}/${name}`, {
        method: "POST",
        headers: { [SECRET_HEADER]: settings.secret },
        body: JSON.stringify(body),
      });
      const { error, oldestMessageTimestamp: oldest, ...rest } = await response.json<Answered>();
      if (error !== undefined) {
        throw new Error(error);
      }
      return { ...rest, ...(oldest && { oldestMessageTimestamp: new Date(oldest) }) };
    });
  return bindingOf({
    send: (bodies, delayMs) => call({ bodies, delayMs }),
    metrics: () => call({}),
  });
}

interface Answered extends Omit<QueueMetrics, "oldestMessageTimestamp"> {
  error?: string;
  oldestMessageTimestamp?: string;
}

/**
 * Wraps an object's class so that its events are invocations and its bindings keep to the rules.
 */
function onPlatform<Class extends new (ctx: DurableObjectState, env: Env) => object>(
  own: Class,
): Class {
  const Strict = class extends (own as new (ctx: DurableObjectState, env: Env) => object) {
    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, strict(env));
    }
  };
  for (const name of Object.getOwnPropertyNames(own.prototype)) {
    const method: unknown = Reflect.get(own.prototype as object, name);
    if (typeof method === "function" && name !== "constructor") {
      Object.defineProperty(Strict.prototype, name, {
        value(this: object, ...given: unknown[]): unknown {
          return invoke(() => Reflect.apply(method, this, given) as unknown);
        },
      });
    }
  }
  return Strict as unknown as Class;
}

export const LiveHub = onPlatform(classes.LiveHub);
export const CatalogueDesk = onPlatform(classes.CatalogueDesk);
export const IngestDesk = onPlatform(classes.IngestDesk);
export const OrderRegistry = onPlatform(classes.OrderRegistry);
export const Recovery = onPlatform(classes.Recovery);
export const { EmbeddedCatalogue } = classes;

async function deliver(request: Request, env: Env): Promise<Response> {
  if (request.headers.get(SECRET_HEADER) !== settings.secret) {
    return new Response("no", { status: 404 });
  }
  const { queue, messages } = await request.json<DeliveredBatch>();
  const { batch, answers } = batchOf(messages, queue);
  await product.queue(batch, env);
  // When a handler returns, the messages it did not retry count as acked.
  messages.forEach(({ id }) => answers.has(id) || answers.set(id, "ack"));
  return Response.json([...answers]);
}

export default {
  fetch: (request, env, ctx) =>
    invoke(() =>
      new URL(request.url).pathname === DELIVERY_PATH
        ? deliver(request, strict(env))
        : product.fetch(request, strict(env), ctx),
    ),
  queue: async () => {
    throw new Error("The platform's own queues are not used");
  },
  scheduled: (controller, env) => invoke(() => product.scheduled(controller, strict(env))),
} satisfies ExportedHandler<Env>;
