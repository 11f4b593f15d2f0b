import * as fc from "fast-check";
import { expect, it } from "vitest";
import { inChunks } from "../../src/db/chunks";

const MAX_BYTES = 1_500_000;
const bytesOf = (text: string) => new TextEncoder().encode(text).byteLength;

/** Makes JSON text of exactly this many bytes. */
const textOf = (bytes: number) => JSON.stringify("x".repeat(bytes - 2));

function itemsOf(chunks: string[]): unknown[] {
  return chunks.flatMap((chunk) => JSON.parse(chunk) as unknown[]);
}

it("makes nothing of nothing", () => {
  expect(inChunks([])).toEqual([]);
});

it("joins what fits into one array", () => {
  expect(inChunks([`{"a":1}`, "2", "null"])).toEqual([`[{"a":1},2,null]`]);
});

it("keeps all values, in order, whatever they are", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (values) => {
      const texts = values.map((value) => JSON.stringify(value));
      expect(itemsOf(inChunks(texts))).toEqual(texts.map((text) => JSON.parse(text) as unknown));
    }),
  );
});

it("keeps large values in order, in chunks of at most 1.5 MB that are no smaller than they must be", () => {
  const values = fc.array(
    fc.record({
      character: fc.constantFrom("x", "ñ", "漢", "💥", '"', "\n"),
      count: fc.oneof(fc.nat(2000), fc.nat(200_000)),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(values, (values) => {
      const texts = values.map(({ character, count }) => JSON.stringify(character.repeat(count)));
      const chunks = inChunks(texts);
      expect(itemsOf(chunks)).toEqual(texts.map((text) => JSON.parse(text) as unknown));
      for (const [index, chunk] of chunks.entries()) {
        expect(bytesOf(chunk)).toBeLessThanOrEqual(MAX_BYTES);
        const next = chunks[index + 1];
        const [first] = next === undefined ? [] : (JSON.parse(next) as unknown[]);
        if (first !== undefined) {
          expect(bytesOf(chunk) + bytesOf(JSON.stringify(first))).toBeGreaterThan(MAX_BYTES - 2);
        }
      }
    }),
    { numRuns: 30 },
  );
});

it("counts bytes, not characters", () => {
  const text = JSON.stringify("漢".repeat(300_000));
  expect(inChunks([text, text]).map((chunk) => JSON.parse(chunk) as unknown)).toHaveLength(2);
});

it("lets a value stand alone that is larger by itself", () => {
  const large = textOf(MAX_BYTES + 10);
  expect(inChunks(["1", large, "2"])).toEqual(["[1]", `[${large}]`, "[2]"]);
  expect(inChunks([large, "2"])).toEqual([`[${large}]`, "[2]"]);
});

it("fills a chunk to 1.5 MB and no byte further", () => {
  const half = textOf(MAX_BYTES / 2 - 2);
  for (const bytes of [-2, -1, 0, 1, 2].map((more) => MAX_BYTES / 2 - 1 + more)) {
    for (const chunk of inChunks([half, textOf(bytes)])) {
      expect(bytesOf(chunk)).toBeLessThanOrEqual(MAX_BYTES);
    }
  }
  expect(inChunks([half, textOf(MAX_BYTES / 2 - 2)])).toHaveLength(1);
});
