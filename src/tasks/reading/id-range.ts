import type { Values } from "../../db/sql";

/**
 * IdRange keeps one bound at each end of a range of ids, the tightest of those set. SQLite walks an
 * index from one bound only: if a statement had a filter's bound and a cursor's, each page might walk
 * all earlier pages again.
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
  /** Whether the bound excludes its own id. */
  isOpen: boolean;
}
