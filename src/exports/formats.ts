import { csvLine } from "./csv";

export const FORMAT_NAMES = ["csv", "ndjson"] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/** Format says how rows are written to a file. */
export interface Format<Row> {
  contentType: string;
  /** The text before the first row. */
  head: string;
  line(row: Row): string;
}

/**
 * Columns names the fields that are the columns of a CSV, in order, and what is written of each.
 */
export type Columns<Fields> = { [Name in keyof Fields]?: (value: Fields[Name]) => string };

/**
 * Makes a CSV format, for people with a spreadsheet. Without the byte order mark Excel would read
 * UTF-8 in the machine's old code page and show "JosÃ©"; programs that read CSV skip the mark.
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

/** Makes an NDJSON format, for programs: a line is what the API answers. */
export function ndjsonOf<Row>(answerOf: (row: Row) => object): Format<Row> {
  return {
    contentType: "application/x-ndjson; charset=utf-8",
    head: "",
    line: (row) => `${JSON.stringify(answerOf(row))}\n`,
  };
}
