import type { Values } from "../../db/sql";

/**
 * A range of ids with one bound at each end, the tightest of those set. SQLite walks an index from one
 * bound only: were both a filter's and a cursor's in the statement, each page might walk the pages
 * before it again.
 */
export class IdRange {
  #low: Bound | null = null;
  #high: Bound | null = null;

  from(id: string): this {
    return this.#raise({ id, sql: "id >= :low", isOpen: false });
  }

  above(id: string): this {
    return this.#raise({ id, sql: "id > :low", isOpen: true });
  }

  upTo(id: string): this {
    return this.#lower({ id, sql: "id <= :high", isOpen: false });
  }

  below(id: string): this {
    return this.#lower({ id, sql: "id < :high", isOpen: true });
  }

  get sql(): string {
    const bounds = [this.#low, this.#high].flatMap((bound) => (bound ? [bound.sql] : []));
    return bounds.length === 0 ? "true" : bounds.join(" AND ");
  }

  get values(): Values {
    return { ...(this.#low && { low: this.#low.id }), ...(this.#high && { high: this.#high.id }) };
  }

  #raise(bound: Bound): this {
    const low = this.#low;
    if (!low || bound.id > low.id || (bound.id === low.id && bound.isOpen)) {
      this.#low = bound;
    }
    return this;
  }

  #lower(bound: Bound): this {
    const high = this.#high;
    if (!high || bound.id < high.id || (bound.id === high.id && bound.isOpen)) {
      this.#high = bound;
    }
    return this;
  }
}

interface Bound {
  id: string;
  sql: string;
  /** The id itself is outside. */
  isOpen: boolean;
}
