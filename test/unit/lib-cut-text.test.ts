import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutMiddle, cutText, isLonger } from "../../src/lib/cut-text";

const lengthOf = (text: string) => Array.from(text).length;
/** Odd texts are made of letters, emoji, half emoji, NUL and combining marks. */
const odd = fc
  .array(fc.constantFrom("a", "ñ", "漢", "💥", "\ud83d", "\udca5", "\0", "\u0301"))
  .map((parts) => parts.join(""));
const cleaned = (text: string) => text.toWellFormed().replaceAll("\0", "\ufffd");

describe("a text is cut by characters,", () => {
  it("500 emoji being 500", () => {
    const emoji = "💥".repeat(500);
    expect(cutText(emoji, 500)).toBe(emoji);
    expect(cutText(`${emoji}a`, 500)).toBe(`${"💥".repeat(499)}…`);
    expect(cutText(`a${emoji}`, 500)).toBe(`a${"💥".repeat(498)}…`);
  });

  it("and in its middle", () => {
    const emoji = "💥".repeat(103);
    expect(cutMiddle(emoji, 103)).toBe(emoji);
    expect(cutMiddle(`a${emoji}z`, 103)).toBe(`a${"💥".repeat(24)}\n…\n${"💥".repeat(74)}z`);
  });

  it("to no more than asked for, none of them half a one", () => {
    fc.assert(
      fc.property(odd, fc.integer({ min: 4, max: 40 }), (text, most) => {
        const characters = Array.from(text);
        expect(isLonger(text, most)).toBe(characters.length > most);
        for (const cut of [cutText(text, most), cutMiddle(text, most)]) {
          expect(cut.isWellFormed()).toBe(true);
          expect(lengthOf(cut)).toBe(Math.min(most, characters.length));
        }
        const [beginning = "", end = ""] = cutMiddle(text, most).split("\n…\n");
        expect(cleaned(text).startsWith(beginning) && cleaned(text).endsWith(end)).toBe(true);
      }),
    );
  });
});
