import { csvLine } from "./csv";

export const FORMAT_NAMES = ["csv", "ndjson"] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/** How rows are written to a file. */
export interface Format<Row> {
  contentType: string;
  /** Before the first row. */
  head: string;
  line(row: Row): string;
}

/** The columns of a CSV: some fields, in this order, and what is written of each. */
export type Columns<Fields> = { [Name in keyof Fields]?: (value: Fields[Name]) => string };

/**
 * For people with a spreadsheet: without the byte order mark Excel takes UTF-8 for the machine's old
 * code page and shows "JosÃ©". What reads CSV in earnest skips the mark.
 */
export function csvOf<Row, Fields extends object>(
  fieldsOf: (row: Row) => Fields,
  columns: Columns<Fields>,
): Format<Row> {
  const cells = Object.entries(columns) as [keyof Fields, (value: unknown) => string][];
  return {
    contentType: "text/csv; charset=utf-8",
    head: `\u{FEFF}${csvLine(Object.keys(columns))}`,
    line(row) {
      const fields = fieldsOf(row);
      return csvLine(cells.map(([name, cell]) => cell(fields[name])));
    },
  };
}

/** For programs: a line is what the API answers. */
export function ndjsonOf<Row>(answerOf: (row: Row) => object): Format<Row> {
  return {
    contentType: "application/x-ndjson; charset=utf-8",
    head: "",
    line: (row) => `${JSON.stringify(answerOf(row))}\n`,
  };
}
