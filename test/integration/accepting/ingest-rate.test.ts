/**
 * These are the orders accepted in a second that come one a request, where a write to D1 takes 5 ms
 * and the way there and back 5 or 20. The product's own code and SQL run by a clock of the test's,
 * so that the figures are those of the modelled platform, whatever machine this runs on.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { enqueueSent } from "../../../src/orders/intake/ingest";
import { readOrderText } from "../../../src/orders/order/order-text";
import type { Submission } from "../../../src/tasks/accepting/accept";
import { IngestRequests } from "../../../src/tasks/accepting/ingest-desk";
import { bindingOf } from "../../platform/batch";
import { strictD1 } from "../../platform/d1";
import { StrictQueue } from "../../platform/queue";
import { elapse } from "../../support/elapse";
import { testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";

const FOR_MS = 1000;
const CLIENTS = 200;
const CONSUMERS = 4;
const WRITE_MS = 5;
const SEND_MS = 60;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

beforeEach(async () => {
  await clearTasks();
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
});

afterEach(() => vi.useRealTimers());

/**
 * Makes the modelled platform. `isBusy` holds while the local database is at work, for which no
 * time passes.
 */
function platform(roundTripMs: number) {
  let calls = 0;
  const local = new Proxy(env.DB, {
    get(target, name) {
      if (name === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          calls += 1;
          return target.batch(statements).finally(() => (calls -= 1));
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const queue = new StrictQueue();
  const binding = bindingOf(queue);
  const sendBatch: Queue["sendBatch"] = (...call) =>
    wait(SEND_MS).then(() => binding.sendBatch(...call));
  const tested = testEnv({
    DB: strictD1(local, { roundTripMs, writeMs: WRITE_MS, wait }),
    QUEUE_ORDERS: { ...binding, sendBatch },
    RECOVERY: { getByName: () => ({ arm: async () => {}, lookNow: async () => {} }) },
    LIVE_HUB: { getByName: () => ({ publish: async () => ({ listeners: 0 }) }) },
  });
  const desks = new Map<string, IngestRequests>();
  const deskOf = (name: string) => {
    const desk = desks.get(name) ?? new IngestRequests(tested, () => undefined);
    desks.set(name, desk);
    return desk;
  };
  const getByName = (name: string) => ({
    accept: async (request: Submission) => {
      await wait(roundTripMs / 2);
      const accepted = await deskOf(name).accept(request);
      await wait(roundTripMs / 2);
      return accepted;
    },
  });
  tested.INGEST_DESK = { getByName } as unknown as Env["INGEST_DESK"];
  return { tested, queue, isBusy: () => calls > 0 };
}

/**
 * Writes as often as claims and settles do, which is what consumers take of D1 while orders come
 * in.
 */
async function consumeUntil(at: number, { DB }: Env, queue: StrictQueue): Promise<void> {
  const write = () => DB.batch([DB.prepare("UPDATE leases SET token = token WHERE false")]);
  while (Date.now() < at) {
    const batch = queue.take(queue.visible().slice(0, 100));
    await (batch.length === 0 ? wait(5) : write());
    if (batch.length > 0) {
      await write();
      queue.drop(batch);
    }
  }
}

async function acceptedPerSecond(roundTripMs: number, together: boolean) {
  const { tested, queue, isBusy } = platform(roundTripMs);
  const site = together ? tested : { ...tested, INGEST_DESK: undefined as never };
  const until = Date.now() + FOR_MS;
  const ms: number[] = [];
  const client = async () => {
    while (Date.now() < until) {
      const at = Date.now();
      const order = readOrderText(JSON.stringify(anOrder()));
      await enqueueSent(site, [order], { user: "key:x", behind: () => undefined });
      if (Date.now() <= until) {
        ms.push(Date.now() - at);
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  const consumers = Array.from({ length: CONSUMERS }, () => consumeUntil(until, tested, queue));
  await elapse(Promise.all([...clients, ...consumers]), { stepMs: 1, isBusy });
  const [median = 0] = ms.toSorted((a, b) => a - b).slice(ms.length / 2);
  return { perSecond: Math.round((ms.length * 1000) / FOR_MS), median };
}

const long = { timeout: 120_000 };

it.each([5, 20])(
  "are many times more in shared transactions: D1 is %i ms away",
  long,
  async (ms) => {
    const alone = await acceptedPerSecond(ms, false);
    const together = await acceptedPerSecond(ms, true);
    console.log(
      `single orders accepted, D1 ${ms} ms away, ${CLIENTS} requests at a time: ` +
        `${alone.perSecond}/s alone (median ${alone.median} ms), ` +
        `${together.perSecond}/s in shared transactions (median ${together.median} ms)`,
    );
    expect(together.perSecond).toBeGreaterThan(5 * alone.perSecond);
  },
);
