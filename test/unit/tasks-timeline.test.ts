import * as fc from "fast-check";
import { expect, it } from "vitest";
import { extendTimeline, parseTimeline, type TimelineEvent } from "../../src/tasks/model/timeline";

const eventsFrom = (first: number, count: number): TimelineEvent[] =>
  Array.from({ length: count }, (_, index) => ({ at: first + index, event: "defer" }));

it("begins empty", () => {
  expect(parseTimeline(null)).toEqual([]);
  expect(extendTimeline(null, [])).toEqual([]);
});

it("adds events behind those stored", () => {
  const stored = [{ at: 1, event: "started", worker: "w" }];
  const added = [{ at: 2, event: "retry", code: "catalogue_failed", until: 12 }];
  expect(extendTimeline(JSON.stringify(stored), added)).toEqual([...stored, ...added]);
});

it("keeps everything of a task of up to 80 events", () => {
  expect(extendTimeline(JSON.stringify(eventsFrom(0, 79)), eventsFrom(79, 1))).toHaveLength(80);
});

it("keeps the first 20 and the last 60 events, and how many it left out between them", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 }), (sizes) => {
      let stored: string | null = null;
      let count = 0;
      for (const size of sizes) {
        stored = JSON.stringify(extendTimeline(stored, eventsFrom(count, size)));
        count += size;
      }
      const all = eventsFrom(0, count);
      const omitted = { at: 20, event: "omitted", count: count - 80 };
      const kept = count <= 80 ? all : [...all.slice(0, 20), omitted, ...all.slice(count - 60)];
      expect(parseTimeline(stored)).toEqual(kept);
    }),
  );
});

it("is bounded even when all comes at once", () => {
  const kept = extendTimeline(null, eventsFrom(0, 10_000));
  expect(kept).toHaveLength(81);
  expect(kept[0]).toEqual({ at: 0, event: "defer" });
  expect(kept[20]).toEqual({ at: 20, event: "omitted", count: 9920 });
  expect(kept.at(-1)).toEqual({ at: 9999, event: "defer" });
});
