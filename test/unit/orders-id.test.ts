import * as fc from "fast-check";
import { expect, it } from "vitest";
import { publicId } from "../../src/orders/order/contract";
import { canonicalId } from "../../src/orders/order/order";
import { anyJson, hostileText, validId } from "../support/arbitraries";

it("takes 42 and “42” for the same order", () => {
  expect(canonicalId(42)).toBe("42");
  expect(canonicalId("42")).toBe("42");
});

it("takes the forms Unicode has of a text for the same order, and no other text", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[áÉñÑüệ한가がﬁ²Å-]{1,64}$/u), (given) => {
      const id = canonicalId(given);
      expect(id).not.toBeNull();
      expect(canonicalId(given.normalize("NFD"))).toBe(id);
      expect(canonicalId(given.normalize("NFC"))).toBe(id);
    }),
  );
  for (const [one, other] of ["ﬁ fi", "² 2", "Ａ A", "é e", "É é"].map((two) => two.split(" "))) {
    expect(canonicalId(one)).not.toBe(canonicalId(other));
  }
});

it("keeps every positive safe integer exactly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (id) => {
      expect(canonicalId(id)).toBe(BigInt(id).toString());
      expect(canonicalId(String(id))).toBe(canonicalId(id));
    }),
  );
});

it.each([[0], [-0], [-1], [0.5], [2 ** 53], [1e300], [NaN], [Infinity]])("refuses %d", (id) => {
  expect(canonicalId(id)).toBeNull();
});

it.each([["a"], ["A-1/2#ñ"], ["漢字"], ["007"], ["x".repeat(64)], ["💥".repeat(64)]])(
  "keeps “%s” as it is",
  (id) => {
    expect(canonicalId(id)).toBe(id);
  },
);

it.each([
  ["empty", ""],
  ["of 65 characters", "x".repeat(65)],
  ["of 65 characters outside the basic plane", "💥".repeat(65)],
  ["with a space", "a b"],
  ["with a space at its end", "42 "],
  ["with a no-break space", "a\u00a0b"],
  ["with a line separator", "a\u2028b"],
  ["with a line break", "42\n"],
  ["with NUL", "a\u0000"],
  ["with a C1 control", "a\u0085"],
  ["with a zero-width space", "a\u200bb"],
  ["with a bidirectional override", "a\u202eb"],
  ["with a byte order mark", "\ufeff42"],
  ["of Hangul fillers", "\u3164\uffa0"],
  ["with a Hangul jamo filler", "a\u115f\u1160"],
  ["of Braille blanks", "\u2800"],
  ["with a variation selector", "a\ufe0f"],
  ["with a combining grapheme joiner", "a\u034f"],
  ["with a Mongolian vowel separator", "a\u180e"],
  ["with an invisible multiplication sign", "2\u2062x"],
  ["with a tag character", "a\u{e0061}"],
  ["with a null notehead", "a\u{1d159}"],
  ["with a high surrogate alone", "a\ud83d"],
  ["with a low surrogate alone", "\udca5a"],
])("refuses a text %s", (_, id) => {
  expect(canonicalId(id)).toBeNull();
});

it("is null, or 1 to 64 visible characters, for anything at all", () => {
  fc.assert(
    fc.property(fc.oneof(anyJson, hostileText), (given) => {
      const id = canonicalId(given);
      if (id !== null) {
        expect(id).toBe(String(given).normalize("NFC"));
        expect(Array.from(id).length).toBeLessThanOrEqual(64);
        expect(id).toMatch(/^\S+$/u);
        expect(id).not.toMatch(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u);
        expect(id.isWellFormed()).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

it("shows an id so that it comes back as the same order", () => {
  fc.assert(
    fc.property(fc.oneof(validId, fc.stringMatching(/^[0-9]{1,20}$/)), (given) => {
      const id = canonicalId(given);
      expect(id).not.toBeNull();
      expect(canonicalId(publicId(String(id)))).toBe(id);
    }),
  );
});

it("shows an id as a number where it is one, and never rounds it", () => {
  expect(publicId("42")).toBe(42);
  expect(publicId("9007199254740991")).toBe(Number.MAX_SAFE_INTEGER);
  for (const id of ["042", "9007199254740993", "1e3", "-1", "4.2"]) {
    expect(publicId(id)).toBe(id);
  }
});
