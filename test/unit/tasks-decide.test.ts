import * as fc from "fast-check";
import { expect, it } from "vitest";
import { decide } from "../../src/tasks/running/decide";
import type { RanTask } from "../../src/tasks/running/run";
import { SENT_GRACE_MS } from "../../src/tasks/model/queues";
import { isFinal } from "../../src/tasks/model/states";
import { hostileText } from "../support/arbitraries";
import { aClaimedRow, aDefinition } from "../support/tasks";

const NOW = 1_700_000_000_000;
const env = {} as Env;
const reason = { code: "catalogue_failed", message: "No answer", detail: { stage: "enrich" } };

interface Given {
  row?: Parameters<typeof aClaimedRow>[0];
  definition?: RanTask["definition"];
  random?: number;
}

/** Returns what becomes of a task whose run began 5 s ago. */
function transitionOf(outcome: RanTask["outcome"], given: Given = {}) {
  const ran: RanTask = {
    row: aClaimedRow(given.row),
    definition: "definition" in given ? given.definition : aDefinition(),
    outcome,
  };
  const lease = { since: NOW - 5000, worker: "worker-1" };
  return decide(ran, { env, lease, now: NOW, random: given.random ?? 0 });
}

it("makes SUCCESS of what is done, with its result", () => {
  expect(transitionOf({ kind: "done", result: { total: "1.00" } })).toMatchObject({
    status: "SUCCESS",
    attempts: 1,
    started_at: NOW - 5000,
    finished_at: NOW,
    result: { total: "1.00" },
    code: null,
    message: null,
    detail: null,
    suspect: 0,
  });
  expect(transitionOf({ kind: "done" }).result).toBeNull();
});

it("makes FAILURE of a result too large to keep", () => {
  expect(transitionOf({ kind: "done", result: "x".repeat(63_998) }).status).toBe("SUCCESS");
  expect(transitionOf({ kind: "done", result: "x".repeat(63_999) })).toMatchObject({
    status: "FAILURE",
    code: "result_too_large",
    result: null,
    finished_at: NOW,
  });
});

it("makes FAILURE of a checkpoint too large for a row", () => {
  const slice = (checkpoint: unknown) => transitionOf({ kind: "continue", checkpoint });
  expect(slice("x".repeat(999_998)).status).toBe("PENDING");
  // The limit is half of the two megabytes that D1 gives a row, and it is of bytes.
  expect(slice("€".repeat(333_333)).code).toBe("checkpoint_too_large");
  expect(slice("x".repeat(999_999))).toMatchObject({
    status: "FAILURE",
    code: "checkpoint_too_large",
    checkpoint: null,
  });
});

it("cuts a long message with a mark, and keeps of a large detail its size and beginning", () => {
  const detail = { rows: "r".repeat(1_000_000) };
  const changed = transitionOf({
    kind: "reject",
    reason: { code: "because", message: `${"m".repeat(498)}💥${"m".repeat(9000)}`, detail },
  });
  expect(changed.message).toBe(`${"m".repeat(498)}💥…`);
  expect(changed.detail).toEqual({
    too_large: true,
    characters: JSON.stringify(detail).length,
    beginning: expect.stringMatching(/^{"rows":"r{900,}…$/),
  });
});

it("makes FAILURE of what is rejected, at the first attempt", () => {
  expect(transitionOf({ kind: "reject", reason })).toMatchObject({
    status: "FAILURE",
    attempts: 1,
    finished_at: NOW,
    ...reason,
  });
});

it("tries again what may be tried again, as often as the row allows", () => {
  expect(transitionOf({ kind: "retry", reason })).toMatchObject({
    status: "RETRY",
    attempts: 1,
    ready_at: NOW + 10_000,
    sent: "kept",
    check_at: NOW + 10_000 + SENT_GRACE_MS,
    finished_at: null,
    code: "catalogue_failed",
  });
  expect(transitionOf({ kind: "retry", reason }, { row: { attempts: 1 } })).toMatchObject({
    status: "RETRY",
    attempts: 2,
    ready_at: NOW + 20_000,
  });
  expect(transitionOf({ kind: "retry", reason }, { row: { attempts: 2 } })).toMatchObject({
    status: "FAILURE",
    attempts: 3,
    finished_at: NOW,
    code: "catalogue_failed",
  });
});

it("spreads retries by the random number it is given", () => {
  expect(transitionOf({ kind: "retry", reason }, { random: 0.5 }).ready_at).toBe(NOW + 11_000);
});

it("gives the attempt back to what is deferred, and waits longer each time", () => {
  const waits = [0, 1, 2, 3, 4, 5, 99].map((deferrals) => {
    const changed = transitionOf({ kind: "defer", reason }, { row: { attempts: 2, deferrals } });
    expect(changed).toMatchObject({ status: "RETRY", attempts: 2, deferrals: deferrals + 1 });
    return (changed.ready_at - NOW) / 1000;
  });
  expect(waits).toEqual([10, 20, 40, 80, 160, 300, 300]);
});

it("waits as long as a deferral asks for", () => {
  expect(transitionOf({ kind: "defer", reason, delayMs: 500 }).ready_at).toBe(NOW + 500);
  expect(transitionOf({ kind: "defer", reason, delayMs: 0 })).toMatchObject({
    ready_at: NOW,
    sent: "kept",
  });
});

it("keeps the message for a wait of a minute, and leaves a longer one to recovery", () => {
  expect(transitionOf({ kind: "defer", reason, delayMs: 60_000 })).toMatchObject({
    sent: "kept",
    check_at: NOW + 60_000 + SENT_GRACE_MS,
  });
  expect(transitionOf({ kind: "defer", reason, delayMs: 60_001 })).toMatchObject({
    sent: "none",
    check_at: NOW + 60_001,
  });
});

it("sends a new message for the next slice of a long task, which starts where this one ended", () => {
  const row = { attempts: 1, deferrals: 4, checkpoint: `{"page":1}` };
  const changed = transitionOf({ kind: "continue", checkpoint: { page: 2 } }, { row });
  expect(changed).toMatchObject({
    status: "PENDING",
    attempts: 1,
    deferrals: 0,
    sent: "new",
    ready_at: NOW,
    checkpoint: { left: { page: 2 } },
    finished_at: null,
  });
});

it("leaves a task's checkpoint as its run saved it, unless a slice ended", () => {
  const row = { checkpoint: `{"page":7}` };
  const kept: RanTask["outcome"][] = [
    { kind: "retry", reason },
    { kind: "defer", reason },
    { kind: "reject", reason },
    "suspect",
  ];
  for (const outcome of kept) {
    expect(transitionOf(outcome, { row }).checkpoint).toBeNull();
  }
});

it("marks a suspect to run alone at once, at no cost to it", () => {
  expect(transitionOf("suspect", { row: { attempts: 2, deferrals: 3 } })).toMatchObject({
    status: "RETRY",
    suspect: 1,
    attempts: 2,
    deferrals: 3,
    ready_at: NOW,
    sent: "kept",
    code: "batch_crashed",
  });
});

it("fails a task nobody defines rather than retry it, and lets it wait when deferred", () => {
  const given = { definition: undefined };
  expect(transitionOf({ kind: "retry", reason }, given).status).toBe("FAILURE");
  expect(transitionOf({ kind: "defer", reason }, given)).toMatchObject({
    status: "RETRY",
    ready_at: NOW + 10_000,
  });
});

it("remembers when the first run began", () => {
  expect(transitionOf({ kind: "done" }, { row: { started_at: 7 } }).started_at).toBe(7);
});

it("writes down who ran it, each stage's end, and why it waits", () => {
  const stages = [{ at: NOW - 10, event: "validate" }];
  const row = { timeline: JSON.stringify([{ at: 1, event: "started", worker: "worker-0" }]) };
  const changed = transitionOf({ kind: "defer", reason, delayMs: 500, stages }, { row });
  expect(changed.timeline).toEqual([
    { at: 1, event: "started", worker: "worker-0" },
    { at: NOW - 5000, event: "started", worker: "worker-1" },
    { at: NOW - 10, event: "validate" },
    { at: NOW, event: "defer", code: "catalogue_failed", until: NOW + 500 },
  ]);
});

it("keeps a failure's message short and well formed", () => {
  const message = `${"x".repeat(498)}💥💥💥`;
  const kept = transitionOf({ kind: "reject", reason: { code: "crashed", message } }).message ?? "";
  expect(kept).toBe(`${"x".repeat(498)}💥…`);
});

const reasons = fc.record({ code: fc.constant("some_code"), message: hostileText });
const stages = fc.array(fc.record({ at: fc.nat(), event: fc.constant("validate") }), {
  maxLength: 5,
});
const reasoned = { reason: reasons, stages };
const delays = fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined });
const outcomes: fc.Arbitrary<RanTask["outcome"]> = fc.oneof(
  fc.constant("suspect" as const),
  fc.record({ kind: fc.constant("done" as const), result: fc.jsonValue(), stages }),
  fc.record({ kind: fc.constant("reject" as const), ...reasoned }),
  fc.record({ kind: fc.constant("retry" as const), ...reasoned }),
  fc.record({ kind: fc.constant("defer" as const), ...reasoned, delayMs: delays }),
  fc.record({ kind: fc.constant("continue" as const), checkpoint: fc.jsonValue(), stages }),
);
const rows = fc
  .record({
    max_attempts: fc.integer({ min: 1, max: 20 }),
    used: fc.nat(19),
    deferrals: fc.nat(1000),
    started_at: fc.option(fc.nat()),
    checkpoint: fc.option(fc.json()),
    events: fc.nat(100),
  })
  .map(({ used, events, ...row }) => ({
    ...row,
    attempts: used % row.max_attempts,
    timeline: JSON.stringify(Array.from({ length: events }, (_, at) => ({ at, event: "defer" }))),
  }));
const policies = fc
  .record({ baseMs: fc.nat(3_600_000), extraMs: fc.nat(3_600_000) })
  .map(({ baseMs, extraMs }) => ({ baseMs, maxMs: baseMs + extraMs }));
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it("keeps a task's promises whatever its outcome", () => {
  fc.assert(
    fc.property(rows, outcomes, policies, randoms, (row, outcome, policy, random) => {
      const definition = aDefinition({
        retry: () => ({ attempts: 3, ...policy }),
        deferral: policy,
      });
      const changed = transitionOf(outcome, { row, definition, random });
      const kind = outcome === "suspect" ? "suspect" : outcome.kind;
      const final = isFinal(changed.status);
      const wait = changed.ready_at - NOW;

      expect(changed.finished_at).toBe(final ? NOW : null);
      expect(changed.attempts).toBeLessThanOrEqual(row.max_attempts);
      if (!final) {
        expect(changed.attempts).toBeLessThan(row.max_attempts);
      }
      expect(changed.attempts - row.attempts).toBe(final || kind === "retry" ? 1 : 0);
      expect(changed.suspect).toBe(kind === "suspect" ? 1 : 0);
      expect(changed.started_at).toBe(row.started_at ?? NOW - 5000);

      if (!final) {
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(changed.sent).toBe(kind === "continue" ? "new" : wait > 60_000 ? "none" : "kept");
        // Recovery never looks before the task is due, nor at a message still under way.
        expect(changed.check_at).toBe(changed.ready_at + (wait > 60_000 ? 0 : SENT_GRACE_MS));
      }
      expect(changed.status === "SUCCESS" || changed.result === null).toBe(true);
      expect(changed.code === null).toBe(kind === "continue" || changed.status === "SUCCESS");
      expect(changed.timeline.length).toBeLessThanOrEqual(81);
      expect(Array.from(changed.message ?? "").length).toBeLessThanOrEqual(500);
      expect((changed.message ?? "").isWellFormed()).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

it("ends every task that only ever fails, after exactly its attempts", () => {
  fc.assert(
    fc.property(rows, fc.array(outcomes, { maxLength: 40 }), (start, between) => {
      let attempts = start.attempts;
      const interludes = between.filter(
        (outcome) => outcome === "suspect" || ["defer", "continue"].includes(outcome.kind),
      );
      for (let run = 0; run < 100; run++) {
        const outcome = interludes[run] ?? ({ kind: "retry", reason } as const);
        const changed = transitionOf(outcome, { row: { ...start, attempts } });
        attempts = changed.attempts;
        if (isFinal(changed.status)) {
          expect(changed.status).toBe("FAILURE");
          expect(attempts).toBe(start.max_attempts);
          return;
        }
      }
      expect.unreachable("it was retried for ever");
    }),
  );
});
