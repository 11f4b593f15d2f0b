/**
 * A CSV here is as RFC 4180 has it. A spreadsheet runs a cell that begins like a formula, and decides
 * by itself what a cell is: one that splits at semicolons finds `=1+1` in the text `x;=1+1`, quoted
 * or not. So text that people sent gets an apostrophe before every such beginning, which spreadsheets
 * read as "this is text". An apostrophe already there gets one more, so that taking one away at each
 * beginning gives the text back.
 */
import { INVISIBLE } from "../lib/visible";

/** A spreadsheet may split cells here. The comma is left out, as a cell with one is quoted. */
const SPLITTERS = String.raw`;|\t\n\v\f\r\u0085\u2028\u2029`;
const FORMULA = `(?=(?:(?![${SPLITTERS}])[${INVISIBLE}'"])*[=+\\-@＝＋－＠﹦﹢﹣﹫])`;
const BEGINNING = new RegExp(`(?<=^|[${SPLITTERS}])${FORMULA}|^(?='*[\\t\\r\\n])`, "gu");
const SPLIT = new RegExp(`[${SPLITTERS}]${FORMULA}`, "gu");
const QUOTED = new RegExp(`[",${SPLITTERS}]`, "u");

/** Makes a cell of text that people sent; a number stays as it is. */
export function untrusted(value: string | number): string {
  return typeof value === "string" ? value.replace(BEGINNING, "'") : String(value);
}

/** Makes a cell of a value from outside, and an empty one of null. */
export function optional(value: string | number | null): string {
  return value === null ? "" : untrusted(value);
}

/** Makes a cell of JSON that stays the same JSON: splitters are only in strings, as escapes. */
export function jsonCell(value: unknown): string {
  return JSON.stringify(value).replace(
    SPLIT,
    (splitter) => `\\u${splitter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function csvLine(cells: readonly string[]): string {
  return `${cells.map(quote).join(",")}\r\n`;
}

function quote(cell: string): string {
  return QUOTED.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
