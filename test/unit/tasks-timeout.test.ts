import { expect, it } from "vitest";
import { Engine } from "../../src/tasks/model/engine";
import { MAX_TIMEOUT_MS, timeoutOf } from "../../src/tasks/model/timeout";
import { aDefinition } from "../support/tasks";

it.each([MAX_TIMEOUT_MS + 1, 86_400_000, Infinity, 0, -1, NaN])(
  "an engine refuses a task of a timeout of %d ms, naming it and the limit",
  (timeoutMs) => {
    const definition = aDefinition({ name: "reports.year", timeoutMs });
    expect(() => new Engine([aDefinition(), definition])).toThrow(
      /reports\.year .* at most 840000/,
    );
  },
);

it("an engine takes a task of 14 minutes", () => {
  const definition = aDefinition({ timeoutMs: 14 * 60_000 });
  expect(new Engine([definition]).all()).toEqual([definition]);
});

it("a run takes as long as its row says, else its definition, and never more than 14 minutes", () => {
  const definition = aDefinition({ timeoutMs: 60_000 });
  expect(timeoutOf(definition, { timeout_ms: null })).toBe(60_000);
  expect(timeoutOf(definition, { timeout_ms: 600_000 })).toBe(600_000);
  expect(timeoutOf(definition, { timeout_ms: 86_400_000 })).toBe(14 * 60_000);
});
