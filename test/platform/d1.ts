/**
 * StrictD1 puts D1's documented behaviour in front of the local D1, which is more lenient: round
 * trips, one query at a time, its own errors, values of 2 MB, a full disk.
 *
 * It leaves out 2 MB a row, 30 s a query, and overload by load (its errors come by chance or plan).
 *
 * https://developers.cloudflare.com/d1/platform/limits/ (2 MB a string, 100 KB of SQL, 10 GB, one
 * query at a time per database), ./d1-errors.ts
 */
import { trueNow } from "./clock";
import { d1Error, type D1ErrorName } from "./d1-errors";
import { connect, countQueries } from "./invocation";
import { sleep } from "./sleep";

const MAX_VALUE_BYTES = 2_000_000;
const MAX_SQL_BYTES = 100_000;

export interface D1Call {
  /** `sql` has all statements of the call, one a line. */
  sql: string;
  writes: boolean;
  isBatch: boolean;
}

export interface D1Fault {
  /** Without an `error` the call only stalls. */
  error?: D1ErrorName;
  /** `committed` means that the call takes effect and only its answer is lost. */
  committed?: boolean;
  /** `stallMs` is for how long nothing comes back. */
  stallMs?: number;
}

export interface D1Rules {
  /** `roundTripMs` is the time from the caller to the database and back. */
  roundTripMs?: number;
  /** A call keeps the database from all others for `writeMs`, or `readMs` if it only reads. */
  writeMs?: number;
  readMs?: number;
  /** `turn.freeAt` is when the database is free again; all bindings to it share it. */
  turn?: { freeAt: number };
  /** `fault` is asked before each call. */
  fault?(call: D1Call): D1Fault | null | undefined;
  /** Past `maxBytes` only SELECT and DELETE work. */
  maxBytes?: number;
  /** `wait` lets the time of these rules pass. */
  wait?: (ms: number) => Promise<void>;
}

/** Returns a database that keeps to rules, which may change while it is in use. */
export function strictD1(db: D1Database, rules: D1Rules = {}): D1Database {
  const strict = new StrictD1(db, rules);
  const session = (inner: D1DatabaseSession) =>
    strict.over(inner, { getBookmark: () => inner.getBookmark() });
  return strict.over(db, {
    exec: (sql: string) => strict.call([sql], false, () => db.exec(sql)),
    dump: () => db.dump(),
    withSession: (at?: string) => session(db.withSession(at)),
  });
}

interface Prepares {
  prepare(sql: string): D1PreparedStatement;
  batch<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]>;
}

class StrictD1 {
  readonly #db: D1Database;
  readonly #rules: D1Rules;
  readonly #inner = new WeakMap<object, { statement: D1PreparedStatement; sql: string }>();
  readonly #turn: { freeAt: number };

  constructor(db: D1Database, rules: D1Rules) {
    this.#db = db;
    this.#rules = rules;
    this.#turn = rules.turn ?? { freeAt: 0 };
  }

  over<Rest extends object>(inner: Prepares, rest: Rest) {
    return {
      ...rest,
      prepare: (sql: string) => {
        if (bytes(sql) > MAX_SQL_BYTES) {
          throw new Error("D1_ERROR: statement too long: SQLITE_TOOBIG");
        }
        return this.#wrap(inner.prepare(sql), sql);
      },
      batch: <T>(statements: D1PreparedStatement[]) => {
        const known = statements.map((statement) => {
          const one = this.#inner.get(statement);
          return one ?? { statement, sql: "" };
        });
        return this.call(
          known.map(({ sql }) => sql),
          true,
          () => inner.batch<T>(known.map(({ statement }) => statement)),
        );
      },
    };
  }

  #wrap(statement: D1PreparedStatement, sql: string): D1PreparedStatement {
    const own = {
      bind: (...values: unknown[]) => {
        if (values.some((value) => sizeOf(value) > MAX_VALUE_BYTES)) {
          throw new Error("D1_ERROR: string or blob too big: SQLITE_TOOBIG");
        }
        return this.#wrap(statement.bind(...values), sql);
      },
      first: (...column: [string]) => this.call([sql], false, () => statement.first(...column)),
      all: () => this.call([sql], false, () => statement.all()),
      run: () => this.call([sql], false, () => statement.run()),
      raw: (...options: []) => this.call([sql], false, () => statement.raw(...options)),
    } as unknown as D1PreparedStatement;
    this.#inner.set(own, { statement, sql });
    return own;
  }

  async call<T>(sqls: readonly string[], isBatch: boolean, run: () => Promise<T>): Promise<T> {
    countQueries(sqls.length);
    return connect(async () => {
      const writes = sqls.some((sql) => !/^\s*select\b/i.test(sql));
      const { roundTripMs = 0, writeMs = 0, readMs = 0 } = this.#rules;
      await this.#wait(roundTripMs / 2);
      const fault = this.#rules.fault?.({ sql: sqls.join("\n"), writes, isBatch });
      await this.#wait(fault?.stallMs ?? 0);
      await this.#takeTurn(writes ? writeMs : readMs);
      if (fault?.error && !fault.committed) {
        throw d1Error(fault.error);
      }
      if (sqls.some((sql) => !/^\s*(select|delete)\b/i.test(sql)) && (await this.#isFull())) {
        throw d1Error("full");
      }
      const result = await run();
      await this.#wait(roundTripMs / 2);
      if (fault?.error) {
        throw d1Error(fault.error);
      }
      return result;
    });
  }

  // The turn is a time, not a promise, because a promise made in another request cannot be awaited.
  async #takeTurn(ms: number): Promise<void> {
    if (ms > 0) {
      const now = trueNow();
      this.#turn.freeAt = Math.max(now, this.#turn.freeAt) + ms;
      await this.#wait(this.#turn.freeAt - now);
    }
  }

  async #isFull(): Promise<boolean> {
    const { maxBytes = Infinity } = this.#rules;
    return maxBytes < Infinity && (await this.#size()) >= maxBytes;
  }

  async #size(): Promise<number> {
    const { meta } = await this.#db.prepare("SELECT 1").run();
    return meta.size_after;
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) {
      await (this.#rules.wait ?? sleep)(ms);
    }
  }
}

function bytes(text: string): number {
  return text.length * 3 <= MAX_SQL_BYTES ? 0 : new TextEncoder().encode(text).length;
}

function sizeOf(value: unknown): number {
  if (typeof value === "string") {
    return value.length * 3 <= MAX_VALUE_BYTES ? 0 : new TextEncoder().encode(value).length;
  }
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? value.byteLength : 0;
}
