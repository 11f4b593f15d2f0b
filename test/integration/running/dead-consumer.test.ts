import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { configOf } from "../../../src/config";
import { RECOVERY_NAME } from "../../../src/tasks/recovery/recovery-alarm";
import { storeOrders, takeAndDie, taskOf } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { Simulation } from "../../support/simulation";

const SOON_MS = 90_000;
const TASKS = 100;

const recovery = () => env.RECOVERY.getByName(RECOVERY_NAME);
const nextLook = () => runInDurableObject(recovery(), (_, state) => state.storage.getAlarm());

beforeEach(async () => {
  await Simulation.clear();
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Returns when the last of the tasks that died began to run again; Infinity if one has not. */
async function runAgainAt(ids: string[], diedAt: number): Promise<number> {
  const begins = await Promise.all(
    ids.map(async (id) => {
      const { timeline } = await taskOf(id);
      const events = JSON.parse(timeline ?? "[]") as { at: number; event: string }[];
      return events.find(({ event, at }) => event === "started" && at > diedAt)?.at ?? Infinity;
    }),
  );
  return Math.max(...begins);
}

// The clock stands still but for where the test moves it, from each alarm to the next. So the
// figure is the schedule's own, whatever the machine. The queue and the consumer are the
// deployment's.
it.each([0, 1, 7500, 14_999])(
  "what a dead consumer held runs again within 90 seconds by the defaults; it died %d ms after a look",
  async (phase) => {
    const { recoveryMs, leaseMs } = configOf(env);
    const ids = await storeOrders(
      env,
      Array.from({ length: TASKS }, () => anOrder()),
    );
    await runInDurableObject(recovery(), (_, state) => state.storage.deleteAlarm());
    await recovery().arm();
    vi.setSystemTime(Date.now() + phase);
    // The consumer dies just after it extended its lease, as nobody could hold on for longer.
    const diedAt = Date.now();
    expect(await takeAndDie(ids)).toBe(TASKS);
    const isOver = () => Date.now() > diedAt + SOON_MS + recoveryMs;
    for (let again = Infinity; again === Infinity && !isOver();) {
      vi.setSystemTime((await nextLook()) ?? Infinity);
      await runDurableObjectAlarm(recovery());
      if (Date.now() >= diedAt + leaseMs) {
        // The queue delivers in real time, in which the clock stands still.
        await expect
          .poll(() => runAgainAt(ids, diedAt), { timeout: 10_000, interval: 20 })
          .not.toBe(Infinity)
          .catch(() => undefined);
      }
      again = await runAgainAt(ids, diedAt);
    }
    const again = await runAgainAt(ids, diedAt);
    expect(again - diedAt).toBeLessThanOrEqual(SOON_MS);
    // The tasks must not run again while the consumer may live.
    expect(again - diedAt).toBeGreaterThanOrEqual(leaseMs);
  },
);
