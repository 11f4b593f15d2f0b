/**
 * The product with counters around what it is given: its own default export and its own Durable
 * Objects, every binding the real one. Only the benchmark's counting part runs it; the timed part
 * runs src/index.ts.
 */
import product from "../../../src/index";
import { OrderRegistry as Registry } from "../../../src/orders/pipeline/registry.do";
import type { Answer, Beside, ClaimOf, Outcomes } from "../../../src/orders/pipeline/registry.do";
import { IngestDesk as IngestDeskObject } from "../../../src/tasks/accepting/ingest-desk.do";
import { Recovery as RecoveryAlarm } from "../../../src/tasks/recovery/recovery.do";
import { countingBucket } from "./bucket";
import { counts, reset } from "./counters";
import { countingDatabase } from "./database";
import { countingRows, countingNamespace } from "./objects";
import { countingBatch, countingProducer } from "./queues";

// The entry points that are not counted; those below stand in for the product's.
export * from "../../../src/index";

countLogLines();
countCatalogueCalls();

export class OrderRegistry extends Registry {
  override claimMany(claims: ClaimOf[], now: number, until: number, beside?: Beside): Answer[] {
    return countingRows(this.ctx.storage, () => super.claimMany(claims, now, until, beside));
  }

  override settleMany(outcomes: Outcomes): void {
    countingRows(this.ctx.storage, () => super.settleMany(outcomes));
  }
}

export class IngestDesk extends IngestDeskObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, countingEnv(env));
  }
}

export class Recovery extends RecoveryAlarm {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, countingEnv(env));
  }

  override alarm(): Promise<void> {
    counts.objectCalls += 1;
    counts.objectRowsWritten += 1; // setAlarm is billed as one
    return super.alarm();
  }
}

const AHEAD_MS = 40 * 86_400_000;

const wrapped = new WeakMap<object, Env>();

function countingEnv(env: Env): Env {
  let counting = wrapped.get(env);
  if (!counting) {
    counting = {
      ...env,
      DB: countingDatabase(env.DB),
      QUEUE_ORDERS: countingProducer(env.QUEUE_ORDERS),
      QUEUE_TASKS: countingProducer(env.QUEUE_TASKS),
      ORDER_REGISTRY: countingNamespace(env.ORDER_REGISTRY),
      INGEST_DESK: countingNamespace(env.INGEST_DESK),
      RECOVERY: countingNamespace(env.RECOVERY),
      CATALOGUE: countingNamespace(env.CATALOGUE),
      LIVE_HUB: countingNamespace(env.LIVE_HUB),
      FILES: countingBucket(env.FILES),
    };
    wrapped.set(env, counting);
  }
  return counting;
}

/** From now on it is so much later that all that has ended is due for the archive. */
function goAhead(): void {
  const { now } = Date;
  Date.now = () => now() + AHEAD_MS;
}

function countLogLines(): void {
  for (const level of ["debug", "info", "log", "warn", "error"] as const) {
    const write = console[level].bind(console);
    console[level] = (...args: unknown[]) => {
      counts.logLines += 1;
      write(...args);
    };
  }
}

function countCatalogueCalls(): void {
  const { fetch } = globalThis;
  globalThis.fetch = (...args: Parameters<typeof fetch>) => {
    counts.catalogueCalls += 1;
    return fetch(...args);
  };
}

export default {
  fetch(request, env, ctx) {
    switch (new URL(request.url).pathname) {
      case "/bench/counts":
        return Response.json(counts);
      case "/bench/ahead":
        goAhead();
        return Response.json(counts);
      case "/bench/reset":
        reset();
        return Response.json(counts);
      default:
        counts.requests += 1;
        return product.fetch(request, countingEnv(env), ctx);
    }
  },

  queue: (batch, env) => product.queue(countingBatch(batch), countingEnv(env)),

  scheduled: (controller, env) => product.scheduled(controller, countingEnv(env)),
} satisfies ExportedHandler<Env>;
