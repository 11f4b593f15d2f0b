import { describe, expect, it } from "vitest";
import { type HealthFacts, findings, isGrave } from "../../src/admin/dashboard/health";
import { stateOfQueue } from "../../src/admin/queues/queue-state";
import type { Backlog } from "../../src/tasks/statistics/backlog";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

function aBacklog(overrides: Partial<Backlog> = {}): Backlog {
  const nothing = { due: 0, capped: false, waiting: 0, oldestMs: null, messages: 0, pause: null };
  return { queue: "orders", ...nothing, ...overrides };
}

function someFacts(overrides: Partial<HealthFacts> = {}): HealthFacts {
  return {
    now: NOW,
    queues: [{ backlog: aBacklog(), state: "idle" }],
    workers: [],
    lately: { success: 0, failure: 0 },
    before: { success: 0, failure: 0 },
    deadLetters: 0,
    open: { resent: 0, waitingFor: new Map(), capped: false },
    storage: { bytes: 1e9, limit: 10e9 },
    registry: null,
    catalogue: null,
    ...overrides,
  };
}

const kinds = (overrides: Partial<HealthFacts>) =>
  findings(someFacts(overrides)).map((found) => found.kind);

describe("the state of a queue", () => {
  const old = { due: 3, oldestMs: MINUTE };
  const nobody = { now: false, lately: false };
  const somebody = { now: true, lately: false };
  const justNow = { now: false, lately: true };
  const pause = { queue: "orders", since: 0, by: "user:1", reason: "r" };

  it.for([
    ["idle with nothing due", {}, nobody, "idle"],
    ["idle when all is done, however lately", {}, justNow, "idle"],
    ["stalled when work is due for a minute and nobody is at it", old, nobody, "stalled"],
    ["working however old its work is, while somebody is at it", old, somebody, "working"],
    ["working between two batches", old, justNow, "working"],
    ["about to start while its work has just come", { due: 3, oldestMs: 59_999 }, nobody, "due"],
    ["waiting when nothing may run yet", { waiting: 2 }, nobody, "waiting"],
    ["paused, not stalled, when somebody paused it", { ...old, pause }, nobody, "paused"],
  ] as const)("is %s", ([, backlog, atWork, state]) => {
    expect(stateOfQueue(aBacklog(backlog), atWork)).toBe(state);
  });
});

describe("health", () => {
  it("finds nothing in an empty system, and nothing in a busy one", () => {
    expect(kinds({})).toEqual([]);
    expect(
      kinds({
        queues: [{ backlog: aBacklog({ due: 1000, oldestMs: 5 * MINUTE }), state: "working" }],
        lately: { success: 950, failure: 50 },
        before: { success: 9000, failure: 500 },
      }),
    ).toEqual([]);
  });

  it("names a stalled queue first and calls it grave; a pause is not", () => {
    const pause = { queue: "tasks", since: 0, by: "user:1", reason: "r" };
    const found = findings(
      someFacts({
        queues: [
          { backlog: aBacklog({ queue: "tasks", waiting: 4, pause }), state: "paused" },
          { backlog: aBacklog({ due: 1, oldestMs: MINUTE }), state: "stalled" },
        ],
      }),
    );
    expect(found).toMatchObject([
      { kind: "stalled", backlog: { queue: "orders" } },
      { kind: "paused", held: 4 },
    ]);
    expect(found.map(isGrave)).toEqual([true, false]);
  });

  it.for([
    ["twice the normal share", { success: 90, failure: 10 }, { success: 960, failure: 40 }, true],
    ["the normal share", { success: 95, failure: 5 }, { success: 950, failure: 50 }, false],
    ["very few", { success: 0, failure: 4 }, { success: 1000, failure: 0 }, false],
    [
      "little, where almost none is normal",
      { success: 96, failure: 4 },
      { success: 999, failure: 1 },
      false,
    ],
    ["two of a first batch of ten", { success: 8, failure: 2 }, { success: 0, failure: 0 }, false],
    [
      "a fifth, where nothing is normal yet",
      { success: 40, failure: 10 },
      { success: 9, failure: 0 },
      false,
    ],
    [
      "most, where nothing is normal yet",
      { success: 4, failure: 6 },
      { success: 9, failure: 0 },
      true,
    ],
  ] as const)("judges failures by what is normal: %s", ([, lately, before, above]) => {
    expect(kinds({ lately, before })).toEqual(above ? ["failures"] : []);
  });

  it("tells since when the catalogue is down and why, and how many orders wait for it alone", () => {
    const waitingFor = new Map([
      ["catalogue_waiting", 7],
      ["catalogue_failed", 5],
      ["order_held", 90],
    ]);
    const open = { resent: 0, waitingFor, capped: true };
    expect(findings(someFacts({ open }))).toEqual([
      { kind: "catalogue", waiting: 7, capped: true },
    ]);
    const down = { since: NOW - MINUTE, why: "it answered 503", probeAt: NOW };
    const catalogue = { down, sick: [], sickCount: 0, sickSince: 0 };
    expect(findings(someFacts({ open, catalogue }))).toEqual([
      { kind: "catalogueDown", sinceMs: MINUTE, why: "it answered 503", waiting: 7, capped: true },
    ]);
  });

  it("names the products that are sick while the catalogue is up", () => {
    const sick = [37, 74, 111, 148, 185, 222].map((product) => ({
      product: String(product),
      since: 0,
      failures: 1,
      nextAt: 0,
      why: "it answered 503",
    }));
    const catalogue = { down: null, sick, sickCount: 10, sickSince: NOW - MINUTE };
    expect(findings(someFacts({ catalogue }))).toEqual([
      {
        kind: "sickProducts",
        sinceMs: MINUTE,
        count: 10,
        products: ["37", "74", "111", "148", "185"],
        why: "it answered 503",
      },
    ]);
  });

  it.for([
    [79, [], false],
    [80, ["storageFilling"], false],
    [94, ["storageFilling"], false],
    [95, ["storageShort"], true],
    [97, ["storageShort"], true],
    [98, ["storageFull"], true],
    [100, ["storageFull"], true],
  ] as const)("a database %d %% full is found %j", ([percent, expected, grave]) => {
    const found = findings(someFacts({ storage: { bytes: percent * 1e8, limit: 10e9 } }));
    expect(found.map(({ kind }) => kind)).toEqual(expected);
    expect(found.some(isGrave)).toBe(grave);
  });

  it("tells how many orders wait for the registry", () => {
    const waitingFor = new Map([["registry_unavailable", 7]]);
    const open = { resent: 0, waitingFor, capped: false };
    expect(findings(someFacts({ open }))).toEqual([
      { kind: "registryDown", waiting: 7, capped: false },
    ]);
  });

  it("tells when an object of the registry fills up, which is not grave", () => {
    const registry = (bytes: number) => findings(someFacts({ registry: { bytes, limit: 10e9 } }));
    expect(registry(7.9e9)).toEqual([]);
    const found = registry(8e9);
    expect(found.map(({ kind }) => kind)).toEqual(["registryFilling"]);
    expect(found.some(isGrave)).toBe(false);
  });

  it("tells of dead letters, of much that was sent again, and of consumers long silent", () => {
    expect(kinds({ deadLetters: 1 })).toEqual(["deadLetters"]);
    const resent = (n: number) =>
      kinds({ open: { resent: n, waitingFor: new Map(), capped: false } });
    expect([resent(19), resent(20)]).toEqual([[], ["resends"]]);
    const silent = (ms: number) => {
      const worker = { worker: "w", queue: "orders", since: 0, batchSize: 1, tasks: [] };
      return kinds({ workers: [{ ...worker, expiresAt: NOW - ms }] });
    };
    expect([silent(MINUTE - 1), silent(MINUTE)]).toEqual([[], ["silent"]]);
  });
});
