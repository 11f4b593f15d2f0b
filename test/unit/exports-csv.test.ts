import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine, untrusted } from "../../src/exports/csv";

/** RFC 4180 read by hand: cells of every record. */
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
    "\t=1",
    "\r=1",
    "\nx",
    "  =1",
    "＝1+1",
    `=HYPERLINK("http://evil","x")`,
  ])("that a spreadsheet may run is marked as text: %j", (text) => {
    expect(untrusted(text)).toBe(`'${text}`);
  });

  it.each(["ACME Corp", "", "a=b", "José", "7-up", "'quoted'", " x"])(
    "that is harmless stays as it is: %j",
    (text) => expect(untrusted(text)).toBe(text),
  );

  it("that is a number stays one", () => {
    expect(untrusted(42)).toBe("42");
    expect(untrusted(-42)).toBe("-42");
  });
});
