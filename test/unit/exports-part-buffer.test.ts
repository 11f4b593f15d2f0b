import * as fc from "fast-check";
import { expect, it } from "vitest";
import { PartBuffer } from "../../src/exports/part-buffer";

/** Cuts parts of one size from pieces of any, as the writer of an export does. */
function cut(pieces: readonly Uint8Array[], size: number): Uint8Array[] {
  const part = new PartBuffer(size);
  const parts: Uint8Array[] = [];
  for (const piece of pieces) {
    let rest = part.push(piece);
    while (part.isFull) {
      parts.push(part.bytes.slice());
      part.clear();
      rest = part.push(rest);
    }
    expect(rest.length).toBe(0);
  }
  return [...parts, part.bytes.slice()];
}

it("cuts any pieces into equal parts and a smaller rest, losing and moving nothing", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 40 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 150 }), (written, size) => {
      const parts = cut(written, size);
      expect(Buffer.concat(parts)).toEqual(Buffer.concat(written));
      expect(parts.slice(0, -1).every(({ length }) => length === size)).toBe(true);
      expect(parts.at(-1)?.length).toBeLessThan(size);
    }),
    { numRuns: 500 },
  );
});
