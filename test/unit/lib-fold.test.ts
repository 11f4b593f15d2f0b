import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold, wordFinder } from "../../src/lib/fold";
import { hostileText } from "../support/arbitraries";

/** A word begins with a letter, as accents alone are no word. */
const word = (letters: string) =>
  fc
    .string({ unit: fc.constantFrom(...Array.from(letters)), maxLength: 12 })
    .map((rest) => `${Array.from(letters)[0]}${rest}`);

/** The words are in alphabets of the world, with what is peculiar to each. */
const words = fc.oneof(
  word("aáÁeéEÉiíÍnñÑoóÓuúüÜ"),
  word("αάΑΆσςΣβυύϋΰΎᾳᾼ"),
  word("аАеЕёЁиИйЙїЇщЩ"),
  word("sSßẞaAäÄöÖüÜ"),
  word("iIıİsSşŞgGğĞcCçÇ"),
  word("aAăẮằẵeếỆoơợỢuưựđĐ"),
  word("oOøØåÅæÆœŒłŁ"),
  word("اأإآبةتىئؤَُِّْ"),
  word("אבגשׁשׂוֹםָּ"),
  word("株式会社山田商店"),
  word("がぎカガハパｶﾞ"),
  word("한국주식회사값"),
  word("हिन्दीमराठी"),
  word("สวัสดีครับน้ำ"),
  word("AaZz09%_*[\\'\"-"),
);
const name = fc.array(words, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(" "));

/** Somebody may type a text in any of these ways. */
const TYPED: ((text: string) => string)[] = [
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => text.normalize("NFC"),
  (text) => text.normalize("NFD"),
  (text) => ` \u00a0${text}\n`,
  (text) => text.replaceAll(" ", "  \t"),
  (text) => text.normalize("NFD").replaceAll(/[\u0300-\u0344\u0346-\u036f]/g, ""),
];

describe("a text folded", () => {
  it("is the same in any case and form, trimmed, and without accents", () => {
    fc.assert(
      fc.property(name, fc.constantFrom(...TYPED), (text, typed) => {
        expect(fold(typed(text))).toBe(fold(text));
      }),
      { numRuns: 3000 },
    );
  });

  it("is so for every character there is", { timeout: 60_000 }, () => {
    const different: string[] = [];
    for (let code = 1; code < 0x110000; code += 1) {
      const text = String.fromCodePoint(code);
      if (/[\p{Cn}\p{Co}\p{Cs}]/u.test(text)) {
        continue;
      }
      const folded = fold(text);
      for (const typed of [...TYPED.slice(0, 4), fold]) {
        if (fold(typed(text)) !== folded) {
          different.push(code.toString(16));
        }
      }
    }
    expect(different).toEqual([]);
  });

  it("is never empty, folds to itself, and is composed, for anything at all", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const folded = fold(text);
        expect(folded === "").toBe(text.trim() === "");
        expect(fold(folded)).toBe(folded);
        expect(folded.normalize("NFC")).toBe(folded);
      }),
    );
  });

  it.each([
    ["CONEXIÓN RECHAZADA", "conexión rechazada"],
    ["Straße", "STRASSE"],
    ["ΟΔΥΣΣΕΎΣ", "Οδυσσεύς"],
    ["İstanbul", "ISTANBUL"],
    ["ısı", "ISI"],
    ["Đặng Thị Mỹ", "dang thi my"],
    ["Łódź", "lodz"],
    ["Ångström", "angstrom"],
    ["Œuvre", "oeuvre"],
    ["ёлка", "ЕЛКА"],
    ["أَحْمَد", "احمد"],
    ["شـــركة", "شركة"],
    ["שָׁלוֹם", "שלום"],
    ["ＡＣＭＥ　１２", "acme 12"],
    ["ﾊﾟﾝ", "パン"],
    ["한국", "한국".normalize("NFD")],
    ["so\u00adft\u200bware", "software"],
  ])("finds %s as %s", (shown, typed) => {
    expect(fold(shown)).toBe(fold(typed));
  });

  it.each([
    ["が", "か"],
    ["パ", "ハ"],
    ["की", "कि"],
    ["น้ำ", "นา"],
    ["한", "하"],
    ["1", "l"],
  ])("keeps %s and %s apart", (one, other) => {
    expect(fold(one)).not.toBe(fold(other));
  });
});

describe("the words of a search", () => {
  it("find the text they are of, in any order and case", () => {
    fc.assert(
      fc.property(name, fc.constantFrom(...TYPED), (text, typed) => {
        const asked = typed(text.split(" ").toReversed().join(" "));
        expect(wordFinder(asked)(text)).toBe(true);
        expect(wordFinder(asked)(`Antes ${text} después`)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("must all be there, and mean nothing but themselves", () => {
    const finds = (search: string) => wordFinder(search)("CONEXIÓN RECHAZADA por 10.0.0.1");
    expect(finds("rechazada conexion")).toBe(true);
    expect(finds("conexion aceptada")).toBe(false);
    for (const pattern of ["%", "_", "*", "conexi_n", "conex%", "[c]onexion", ".*", "\\"]) {
      expect(finds(pattern), pattern).toBe(false);
    }
    expect(wordFinder("100%")("al 100% [x] _*")).toBe(true);
  });
});
