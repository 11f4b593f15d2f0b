/** Pieces of SQL joined by AND, with what they bind. */
export class Conditions {
  readonly #parts: string[] = [];
  readonly values: (string | number)[] = [];

  add(sql: string, ...values: (string | number)[]): void {
    this.#parts.push(sql);
    this.values.push(...values);
  }

  get sql(): string {
    return this.#parts.length === 0 ? "true" : this.#parts.map((part) => `(${part})`).join(" AND ");
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }
}
