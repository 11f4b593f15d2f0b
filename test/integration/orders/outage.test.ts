/** Catalogues misbehave for a while, and then heal. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CATALOGUE_URL, product, productOf, stubCatalogue } from "../../support/catalogue";
import { deliver, storeOrders, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { seededRandom } from "../../support/random";
import { Simulation } from "../../support/simulation";

const HOUR = 3_600_000;
const MINUTE = 60_000;
const PRODUCTS = 40;

/** Makes orders of one line, over all products in turn. */
const orders = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    anOrder({ productos: [{ sku: `P${1 + (i % PRODUCTS)}`, cantidad: 1 }] }),
  );

beforeEach(async () => {
  await Simulation.clear();
  vi.useFakeTimers({ toFake: ["Date"], shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a catalogue that is down for an hour", () => {
  it("costs no order and no attempt, and is hardly called", async () => {
    let down = true;
    const asked = stubCatalogue((id) => (down ? new Response("no", { status: 503 }) : product(id)));
    const world = new Simulation({ CATALOGUE_URL, RECOVERY_SECONDS: "30" });
    // Orders keep coming all the time.
    await world.run(HOUR, () => world.accept(orders(4)));
    expect(await world.ends()).toMatchObject({ tasks: { RETRY: 480 }, stored: 0 });
    // Some calls found it down, and the others are probes: after 5, 10, 20 and 40 s, and then each
    // minute.
    expect(asked.length).toBeLessThanOrEqual(11 + 4 + 60);
    expect(asked.length).toBeGreaterThanOrEqual(11); // The catalogue is asked whether it is back.

    down = false;
    await world.run(15 * MINUTE);
    expect(await world.ends()).toEqual({
      tasks: { SUCCESS: 480 },
      stored: 480,
      leases: 0,
      attempts: 1,
    });
    expect(asked.length).toBeLessThan(400);
  });

  it("costs the orders beside the call that finds it back no attempt", async () => {
    let down = true;
    stubCatalogue((id) => (down ? new Response("no", { status: 503 }) : product(id)));
    const world = new Simulation({ CATALOGUE_URL, ORDER_MAX_ATTEMPTS: "1" });
    const ids = await world.accept(orders(100));
    await world.deliver();
    down = false;
    vi.setSystemTime(Date.now() + 13_000); // The first wait and its jitter are over by then.
    await world.deliver();
    expect(await world.ends()).toMatchObject({ tasks: { SUCCESS: ids.length }, attempts: 1 });
  });

  it("is followed by no burst: waits grow to five minutes and are spread", async () => {
    stubCatalogue(() => new Response("no", { status: 503 }));
    const world = new Simulation({ CATALOGUE_URL, RECOVERY_SECONDS: "30" });
    await world.accept(orders(100));
    await world.run(30 * MINUTE);
    const deliveries = vi.fn<() => void>();
    world.platform = (messages) => {
      messages.forEach(deliveries);
      return [messages];
    };
    await world.run(30 * MINUTE);
    // A task is delivered every 5 minutes, and sometimes more.
    expect(deliveries.mock.calls.length).toBeLessThanOrEqual(100 * 7);
    expect(deliveries.mock.calls.length).toBeGreaterThanOrEqual(100 * 5);
  });
});

type Fault = (id: string, signal: AbortSignal | null | undefined) => Response | Promise<Response>;

/** Makes a body that comes in pieces, for as long as `next` gives any; a cut connection ends it. */
function slowly(
  signal: AbortSignal | null | undefined,
  next: () => Promise<Uint8Array>,
  onCancel: () => void = () => undefined,
): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) =>
      signal?.addEventListener("abort", () => controller.error(signal.reason as Error)),
    pull: async (controller) => controller.enqueue(await next()),
    cancel: onCancel,
  });
  return new Response(body);
}

const space = new TextEncoder().encode(" ");
const drip = () =>
  new Promise<Uint8Array>((resolve) => {
    setTimeout(() => resolve(space), 5);
  });

const FAULTS: Fault[] = [
  () => new Response("no", { status: 500 }),
  () => new Response("<html>Bad gateway</html>"),
  (id) => product(id, -1),
  (id) => product(`${id}0`),
  () => new Response(" ".repeat(100_000)),
  () => Promise.reject(new TypeError("network")),
  (_, signal) => slowly(signal, drip),
  (_, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason as Error));
    }),
];

/** Stubs the catalogue over fetch; like the real one, it ends a call when its signal says so. */
function stubFetch(answer: Fault): void {
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    return answer(productOf(input), init?.signal);
  });
}

describe("a catalogue that misbehaves in every way at once", () => {
  it.each([0.2, 0.6, 1])(
    "for %d of its answers: once it heals, every order succeeds",
    async (share) => {
      const random = seededRandom(1);
      const faults = { share };
      stubFetch((id, signal) => {
        const fault = FAULTS[Math.floor(random() * FAULTS.length)];
        return fault && random() < faults.share ? fault(id, signal) : product(id);
      });
      const world = new Simulation({
        CATALOGUE_URL,
        CATALOGUE_TIMEOUT_MS: "50",
        CATALOGUE_TTL_SECONDS: "0",
        ORDER_MAX_ATTEMPTS: "20",
      });
      await world.accept(orders(120));
      await world.run(5 * MINUTE);
      faults.share = 0;
      await world.run(30 * MINUTE);
      expect(await world.ends()).toMatchObject({ tasks: { SUCCESS: 120 }, stored: 120, leases: 0 });
    },
  );
});

describe("an answer without end", () => {
  it("is read no further than 64 KiB, and the connection is let go", async () => {
    const piece = new Uint8Array(16_384).fill(32);
    let read = 0;
    let cancelled = false;
    stubFetch((_, signal) =>
      slowly(
        signal,
        async () => {
          read += piece.byteLength;
          return piece;
        },
        () => (cancelled = true),
      ),
    );
    const tested = testEnv({ CATALOGUE_URL });
    const [id] = await storeOrders(tested, [anOrder()]);
    await deliver([id ?? ""], tested);
    expect(await taskOf(id)).toMatchObject({ status: "RETRY", error_code: "catalogue_failed" });
    expect((await taskOf(id)).error_message).toContain("over 65536 bytes");
    expect(read).toBeLessThanOrEqual(65_536 + 2 * piece.byteLength);
    expect(cancelled).toBe(true);
  });

  it("that comes drop by drop is waited for no longer than the timeout", async () => {
    let drops = 0;
    stubFetch((_, signal) =>
      slowly(signal, async () => {
        drops += 1;
        return drip();
      }),
    );
    const tested = testEnv({ CATALOGUE_URL, CATALOGUE_TIMEOUT_MS: "100" });
    const [id] = await storeOrders(tested, [anOrder()]);
    await deliver([id ?? ""], tested);
    expect(await taskOf(id)).toMatchObject({ status: "RETRY", error_code: "catalogue_waiting" });
    expect((await taskOf(id)).error_message).toContain("did not answer in time");
    expect(drops).toBeGreaterThan(1);
  });
});
