import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine, jsonCell, untrusted } from "../../src/exports/csv";

/** Reads RFC 4180 by hand, and returns the cells of every record. */
function parse(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let rest = text;
  while (rest !== "") {
    const quoted = /^"((?:[^"]|"")*)"(,|\r\n)/.exec(rest);
    const [whole = "", cell = "", end] = quoted ?? /^([^",\r\n]*)(,|\r\n)/.exec(rest) ?? [];
    if (whole === "") {
      throw new Error(`not CSV: ${rest.slice(0, 50)}`);
    }
    record.push(quoted ? cell.replaceAll('""', '"') : cell);
    if (end === "\r\n") {
      records.push(record);
      record = [];
    }
    rest = rest.slice(whole.length);
  }
  return records;
}

const FORMULA_BEGINS = /^[\s\u200b\u3164"]*[=+\-@＝]/u;

/**
 * Returns the cells that a spreadsheet sees: one that begins with a quote goes on to the next
 * quote, whatever is in it.
 */
function spreadsheet(text: string, splitter: string): string[] {
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)(?:"|$))?([^${splitter}\r\n]*)(?:[${splitter}\r\n]|$)`,
    "gu",
  );
  return [...text.matchAll(cell)].map(([, quoted = "", rest = ""]) => quoted + rest);
}

const cell = fc.oneof(fc.string({ unit: "grapheme" }), fc.stringMatching(/^[",\r\n=+ a]*$/));

describe("a line of CSV", () => {
  it("reads back as what was written, whatever the cells hold", () => {
    const records = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 5 });
    fc.assert(
      fc.property(records, (written) => {
        expect(parse(written.map(csvLine).join(""))).toEqual(written);
      }),
      { numRuns: 500 },
    );
  });

  it("quotes only what needs it", () => {
    expect(csvLine(["a b", "1.50", "", 'say "hi"', "x,y", "one\ntwo", "José"])).toBe(
      `a b,1.50,,"say ""hi""","x,y","one\ntwo",José\r\n`,
    );
  });
});

describe("a cell of people's text", () => {
  it.each([
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    "  =1",
    "＝1+1",
    `=HYPERLINK("http://evil","x")`,
  ])("that a spreadsheet may run is marked as text: %j", (text) => {
    expect(untrusted(text)).toBe(`'${text}`);
  });

  it.each([
    ["x;=1+1", "x;'=1+1"],
    ["x\t=1+1", "x\t'=1+1"],
    ["x|@SUM(A1)", "x|'@SUM(A1)"],
    ["x\r\n-1", "x\r\n'-1"],
    ["x; =1;+2", "x;' =1;'+2"],
    ['x;"=1"', `x;'"=1"`],
    ["x;\u200b\u3164\u2800=1", "x;'\u200b\u3164\u2800=1"],
    ["\u00a0＋1", "'\u00a0＋1"],
    ["\t=1", "'\t'=1"],
    ["'=1", "''=1"],
  ])("that a spreadsheet may run once it has split it is marked there: %j", (text, marked) => {
    expect(untrusted(text)).toBe(marked);
  });

  it.each([
    "ACME Corp",
    "",
    "a=b",
    "José",
    "7-up",
    "'quoted'",
    " x",
    "a; b",
    "a - b",
    "a|b",
    "x;5-3",
  ])("that is harmless stays as it is: %j", (text) => expect(untrusted(text)).toBe(text));

  it("that is a number stays one", () => {
    expect(untrusted(42)).toBe("42");
    expect(untrusted(-42)).toBe("-42");
  });

  const hostile = fc.string({
    unit: fc.constantFrom(...Array.from("=+-@＝'\";|,\t\r\n \u00a0\u200b\u3164ax1")),
    maxLength: 12,
  });

  it("comes back by taking away one apostrophe at each such beginning", () => {
    const marks = /(?<=^|[;|\t\n\r])'(?=[ \u00a0\u200b\u3164'"]*[=+\-@＝])|^'(?='*[\t\r\n])/gu;
    fc.assert(
      fc.property(hostile, (text) => {
        expect(untrusted(text).replaceAll(marks, "")).toBe(text);
      }),
      { numRuns: 5000 },
    );
  });

  it("begins no formula, wherever a spreadsheet splits the file", () => {
    const cells = fc.array(hostile, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(cells, (texts) => {
        const file = csvLine(texts.map(untrusted));
        for (const splitter of [",", ";", "\t", "|"]) {
          for (const seen of spreadsheet(file, splitter)) {
            expect(seen, JSON.stringify({ file, splitter })).not.toMatch(FORMULA_BEGINS);
          }
        }
        for (const seen of file.split(/[;|\t\r\n]/)) {
          expect(seen, JSON.stringify(file)).not.toMatch(FORMULA_BEGINS);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe("a cell of JSON", () => {
  it("begins no formula where it is split, and stays the same JSON", () => {
    const lines = [
      { sku: "x;=1+1;y", titulo: "a|\u200b+1; b" },
      { sku: "=1", titulo: "\u2028@x" },
    ];
    const cell = jsonCell(lines);
    expect(JSON.parse(cell)).toEqual(lines);
    expect(cell).toContain("; b");
    for (const seen of csvLine([cell]).split(/[;|\t\r\n\u2028]/)) {
      expect(seen).not.toMatch(FORMULA_BEGINS);
    }
  });
});
