import type { NamesIn, Taken, Value, Values } from "./sql";

const FEW = 4;

/** Conditions are pieces of SQL joined by AND, with the values they bind by name. */
export class Conditions {
  readonly #parts: string[] = [];
  readonly #values: Record<string, Value> = {};

  /** Adds a condition. The names in a text that is no literal are checked only when it is bound. */
  add<const Text extends string>(
    sql: Text,
    ...[values]: string extends NamesIn<Text> ? [Values?] : Taken<NamesIn<Text>>
  ): void {
    this.#parts.push(sql);
    Object.assign(this.#values, values);
  }

  /**
   * Adds that a column holds one of these values. A few are compared directly, as a lookup costs
   * one more read for each row.
   */
  addAny(column: string, values: readonly string[], name = column.replace(".", "_")): void {
    if (values.length > 0 && values.length <= FEW) {
      const named = values.map((value, index) => [`${name}_${index}`, value] as const);
      const text: string = named.map(([each]) => `${column} = :${each}`).join(" OR ");
      this.add(text, Object.fromEntries(named));
    } else {
      const text: string = `${column} IN (SELECT value FROM json_each(:${name}))`;
      this.add(text, { [name]: JSON.stringify(values) });
    }
  }

  get sql(): string {
    return this.#parts.length === 0 ? "true" : this.#parts.map((part) => `(${part})`).join(" AND ");
  }

  get values(): Values {
    return this.#values;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }
}
