/**
 * CSV as RFC 4180 has it. A spreadsheet runs a cell that begins like a formula, and which cells it
 * sees is its own choice: one that splits at semicolons finds `=1+1` in the text `x;=1+1`, quoted or
 * not. So text people sent gets an apostrophe before every such beginning, which spreadsheets take
 * for "this is text". What has apostrophes there gets one more: taking one away at each gives the
 * text back.
 */
import { INVISIBLE } from "../lib/visible";

/** Beside the comma, at which no cell splits that holds one, since it is quoted. */
const SPLITTERS = String.raw`;|\t\n\v\f\r\u0085\u2028\u2029`;
const FORMULA = `(?=(?:(?![${SPLITTERS}])[${INVISIBLE}'"])*[=+\\-@＝＋－＠﹦﹢﹣﹫])`;
const BEGINNING = new RegExp(`(?<=^|[${SPLITTERS}])${FORMULA}|^(?='*[\\t\\r\\n])`, "gu");
const SPLIT = new RegExp(`[${SPLITTERS}]${FORMULA}`, "gu");
const QUOTED = new RegExp(`[",${SPLITTERS}]`, "u");

/** A cell of text that people sent; a number stays as it is. */
export function untrusted(value: string | number): string {
  return typeof value === "string" ? value.replace(BEGINNING, "'") : String(value);
}

/** A cell that holds what came from outside; an empty one where there is nothing. */
export function optional(value: string | number | null): string {
  return value === null ? "" : untrusted(value);
}

/** A cell of JSON, which stays the same JSON: a splitter is in a string of it, and can be escaped. */
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
