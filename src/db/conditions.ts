/** Pieces of SQL joined by AND, with what they bind. */
export class Conditions {
  readonly #sql: string[] = [];
  readonly values: (string | number)[] = [];

  add(sql: string, ...values: (string | number)[]): void {
    this.#sql.push(sql);
    this.values.push(...values);
  }

  toString(): string {
    return this.#sql.length === 0 ? "true" : this.#sql.map((sql) => `(${sql})`).join(" AND ");
  }

  get isEmpty(): boolean {
    return this.#sql.length === 0;
  }
}
