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

/** The formats of rows the API shows as `fieldsOf` says, under the names it has there. */
export function formatsOf<Row, Fields extends object>(
  fieldsOf: (row: Row) => Fields,
  columns: Columns<Fields>,
): Record<FormatName, Format<Row>> {
  const cells = Object.entries(columns) as [keyof Fields, (value: unknown) => string][];
  return {
    /**
     * For people with a spreadsheet: without the byte order mark Excel takes UTF-8 for the machine's
     * old code page and shows "JosÃ©". What reads CSV in earnest skips the mark.
     */
    csv: {
      contentType: "text/csv; charset=utf-8",
      head: `\u{FEFF}${csvLine(Object.keys(columns))}`,
      line(row) {
        const fields = fieldsOf(row);
        return csvLine(cells.map(([name, cell]) => cell(fields[name])));
      },
    },
    /** For programs: a line is what the API answers. */
    ndjson: {
      contentType: "application/x-ndjson; charset=utf-8",
      head: "",
      line: (row) => `${JSON.stringify(fieldsOf(row))}\n`,
    },
  };
}
