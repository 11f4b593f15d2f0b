import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Config } from "../../src/config";
import { Catalogue } from "../../src/orders/catalogue/catalogue";
import type { Need } from "../../src/orders/catalogue/asks";
import type { NoProduct } from "../../src/orders/pipeline/enrich";
import { runPipeline } from "../../src/orders/pipeline/pipeline";
import {
  OUTAGE_WAIT,
  type Search,
  searchOf,
  waitForCatalogue,
} from "../../src/orders/pipeline/wait-for-catalogue";
import { decide as decideTask } from "../../src/tasks/running/decide";
import { toTask } from "../../src/tasks/running/task";
import { DeskWorld, failing, good, type Reply } from "../support/desk";
import { aClaimedRow, aDefinition } from "../support/tasks";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const sku = "P002";
const why = "it answered 503";
const down: NoProduct = { kind: "down", sku, why };
const sick = (failedAt: number, until = NOW): NoProduct => ({
  kind: "sick",
  sku,
  why,
  failedAt,
  until,
});

function decide(lack: NoProduct, given: Partial<Search> & { deferrals?: number } = {}) {
  const { deferrals = 0, ...known } = given;
  const search = { since: NOW - HOUR, downSince: null, ranAt: NOW - 60_000, ...known };
  return waitForCatalogue(lack, { search, deferrals, maxAgeMs: HOUR, now: NOW });
}

describe("an order whose catalogue is down", () => {
  it("waits for it, and remembers since when", () => {
    const since = NOW - HOUR;
    expect(decide(down)).toMatchObject({
      kind: "defer",
      reason: { code: "catalogue_waiting", detail: { stage: "enrich", sku } },
      checkpoint: { since, downSince: NOW, ranAt: NOW },
      delayMs: undefined,
    });
    const downSince = NOW - 1000;
    expect(decide(down, { downSince })).toMatchObject({ checkpoint: { downSince, ranAt: NOW } });
  });

  it("fails once it has been down for the order's greatest age, to the millisecond", () => {
    expect(decide(down, { downSince: NOW - HOUR + 1 }).kind).toBe("defer");
    expect(decide(down, { downSince: NOW - HOUR })).toMatchObject({
      kind: "reject",
      reason: { code: "catalogue_unavailable" },
    });
  });

  it("is patient anew when it was up in between", () => {
    for (const lack of [sick(NOW), sick(0), { kind: "not_known", sku, waitMs: 0 } as const]) {
      expect(decide(lack, { downSince: NOW - HOUR })).toMatchObject({
        checkpoint: { downSince: null },
      });
    }
  });
});

describe("an order whose product fails while others answer", () => {
  it("uses up an attempt if it was asked since the order last ran", () => {
    expect(decide(sick(NOW - 60_000))).toMatchObject({
      kind: "retry",
      reason: { code: "catalogue_failed" },
      checkpoint: { ranAt: NOW },
    });
  });

  it("waits without one until the product is asked again if it was not", () => {
    expect(decide(sick(NOW - 60_001, NOW + 7000))).toMatchObject({ kind: "defer", delayMs: 7000 });
    expect(decide(sick(NOW - 60_001, NOW - 7000))).toMatchObject({ kind: "defer", delayMs: 0 });
  });

  it("counts no failure twice, though it lies ahead by the desk's clock", () => {
    const failedAt = NOW + 5000;
    const { checkpoint } = decide(sick(failedAt)) as { checkpoint: Search };
    expect(decide(sick(failedAt), checkpoint).kind).toBe("defer");
  });
});

it("fails at once for what asking again cannot mend", () => {
  expect(decide({ kind: "refused", sku, why: "it answered 400" })).toMatchObject({
    kind: "reject",
    reason: { code: "catalogue_failed" },
  });
});

it("waits as long as it is told, and longer each time, for what is still being asked", () => {
  const waits = (waitMs: number) =>
    [0, 1, 2, 5, 99].map(
      (deferrals) =>
        (decide({ kind: "not_known", sku, waitMs }, { deferrals }) as { delayMs: number }).delayMs,
    );
  expect(waits(0)).toEqual([500, 1000, 2000, 10_000, 10_000]);
  expect(waits(3000)).toEqual([3000, 3000, 3000, 10_000, 10_000]);
});

it("begins its search anew at the first run and after a person's retry, and else goes on with it", () => {
  const checkpoint = { since: 1, downSince: 2, ranAt: 3 };
  const begun = { since: NOW, downSince: null, ranAt: NOW };
  expect(searchOf({ attempt: 1, deferrals: 0, checkpoint }, NOW)).toEqual(begun);
  expect(searchOf({ attempt: 1, deferrals: 1, checkpoint }, NOW)).toEqual(checkpoint);
  expect(searchOf({ attempt: 2, deferrals: 0, checkpoint }, NOW)).toEqual(checkpoint);
  expect(searchOf({ attempt: 2, deferrals: 0, checkpoint: null }, NOW)).toEqual(begun);
});

it("does not count against the catalogue that an order waits for the registry", async () => {
  const checkpoint: Search = { since: NOW - HOUR, downSince: NOW - HOUR, ranAt: NOW - HOUR };
  const order = { id: 1, cliente: "ACME", productos: [{ sku: "P001", cantidad: 1 }] };
  const row = aClaimedRow({ deferrals: 3, checkpoint: JSON.stringify(checkpoint) });
  const task = toTask(row, order, NOW);
  const { outcomes } = await runPipeline([task], {
    config: { orderMaxAgeMs: HOUR } as Config,
    clock: () => NOW,
    lookup: async () => new Map(),
    claim: async (claims) => new Map(claims.map(({ taskId }) => [taskId, { state: "unknown" }])),
  });
  expect(outcomes.get(task.id)).toMatchObject({
    kind: "defer",
    reason: { code: "registry_unavailable" },
    checkpoint: { ...checkpoint, downSince: null },
  });
});

describe("from run to run", () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW }));
  afterEach(() => void vi.useRealTimers());

  /** Runs an order of products 1 and 2 whenever it is due, until its end. */
  async function story(reply: (product: string) => Reply) {
    const catalogue = { catalogueUrl: "", catalogueTimeoutMs: 10_000, catalogueTtlMs: 60_000 };
    const clock = () => Date.now();
    const world = new DeskWorld(reply);
    const asked = new Catalogue(catalogue, clock);
    const desk = { lookup: (_: unknown, needs: Need[]) => world.desk.lookup(needs) };
    const productos = ["P001", "P002"].map((each) => ({ sku: each, cantidad: 1 }));
    const definition = aDefinition({ deferral: OUTAGE_WAIT });
    let row = aClaimedRow();
    const waits: number[] = [];
    for (;;) {
      const startedAt = clock();
      const task = toTask(row, { id: 1, cliente: "ACME", productos }, startedAt);
      const ran = { ended: false };
      const running = runPipeline([task], {
        config: { orderMaxAgeMs: HOUR } as Config,
        clock,
        lookup: (questions) => asked.lookup(desk, questions),
        claim: async (claims) => new Map(claims.map(({ taskId }) => [taskId, { state: "mine" }])),
      }).finally(() => (ran.ended = true));
      while (!ran.ended) {
        await vi.advanceTimersByTimeAsync(20);
      }
      const outcome = (await running).outcomes.get(task.id) ?? ("suspect" as const);
      const lease = { since: startedAt, worker: "worker-1" };
      const moment = { env: {} as Env, lease, now: clock(), random: 0 };
      const changed = decideTask({ row, definition, outcome }, moment);
      if (changed.finished_at !== null) {
        return { waits, ...changed };
      }
      waits.push((changed.ready_at - clock()) / 1000);
      const checkpoint = changed.checkpoint && JSON.stringify(changed.checkpoint.left);
      const { attempts, deferrals, started_at } = changed;
      row = { ...row, attempts, deferrals, started_at, checkpoint };
      await vi.advanceTimersByTimeAsync(changed.ready_at - clock());
    }
  }

  it("waits 10 s, growing to 5 min, while nothing answers, and costs no attempt but the last", async () => {
    const end = await story(() => failing());
    expect(end).toMatchObject({ status: "FAILURE", code: "catalogue_unavailable", attempts: 1 });
    expect(end.waits.slice(0, 7)).toEqual([10, 20, 40, 80, 160, 300, 300]);
    const waited = end.waits.reduce((sum, seconds) => sum + seconds) * 1000;
    expect(waited).toBeGreaterThan(HOUR - 300_000);
    expect(waited).toBeLessThan(HOUR + 300_000);
  });

  it("uses up its attempts while only its product fails and another answers", async () => {
    const end = await story((id) => (id === "2" ? failing() : good(id)));
    expect(end).toMatchObject({ status: "FAILURE", code: "catalogue_failed", attempts: 3 });
    expect(end.waits).toEqual([10, 20]);
  });
});
