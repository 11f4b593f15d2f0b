/**
 * CSV as RFC 4180 has it. A spreadsheet runs a cell that begins like a formula, so text people sent
 * gets an apostrophe before such a beginning, which spreadsheets take for "this is text". That
 * alters it: whoever wants the bytes as they were takes NDJSON.
 */
const FORMULA = /^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/u;

/** A cell of text that people sent; a number stays as it is. */
export function untrusted(value: string | number): string {
  const text = String(value);
  return typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
}

/** Likewise; nothing where there is none. */
export function optional(value: string | number | null): string {
  return value === null ? "" : untrusted(value);
}

export function csvLine(cells: readonly string[]): string {
  return `${cells.map(quote).join(",")}\r\n`;
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
