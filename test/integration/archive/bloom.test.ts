import * as fc from "fast-check";
import { expect, it } from "vitest";
import { bloomOf, mayHold } from "../../../src/archive/bloom";

it("holds every entry it was made of, whatever these are", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: "binary" }), { maxLength: 60 }), (entries) => {
      const filter = bloomOf(new Set(entries));
      expect(entries.filter((entry) => !mayHold(filter, entry))).toEqual([]);
    }),
  );
});

it("says of one other entry in fifty at most that it may hold it", () => {
  const filter = bloomOf(new Set(Array.from({ length: 500 }, (_, n) => `PED-${n}`)));
  const wrong = Array.from({ length: 10_000 }, (_, n) => `PED-${500 + n}`).filter((id) =>
    mayHold(filter, id),
  );
  expect(wrong.length).toBeLessThan(200);
});

it("holds nothing when made of nothing", () => {
  expect(mayHold(bloomOf(new Set()), "")).toBe(false);
});

it("keeps its bits where its description puts them", () => {
  // An index of years ago must be read as it was written.
  expect(bloomOf(new Set(["PED-1", "ñandú"]))).toBe("knWp");
});
