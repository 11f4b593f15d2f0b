const FEW = 4;

/** Pieces of SQL joined by AND, with what they bind. */
export class Conditions {
  readonly #parts: string[] = [];
  readonly values: (string | number)[] = [];

  add(sql: string, ...values: (string | number)[]): void {
    this.#parts.push(sql);
    this.values.push(...values);
  }

  /** That a column holds one of these. Few are compared, many looked up: a read more for each row. */
  addAny(column: string, values: readonly string[]): void {
    if (values.length > 0 && values.length <= FEW) {
      this.add(values.map(() => `${column} = ?`).join(" OR "), ...values);
    } else {
      this.add(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(values));
    }
  }

  get sql(): string {
    return this.#parts.length === 0 ? "true" : this.#parts.map((part) => `(${part})`).join(" AND ");
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }
}
