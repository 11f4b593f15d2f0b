/**
 * D1 as it is documented, in front of the local one, which is kinder: round trips, one query at a
 * time, errors of its own, values of 2 MB, a disk that is full.
 *
 * Not here: 2 MB a row, 30 s a query, overload by load (its errors come by chance or plan).
 *
 * https://developers.cloudflare.com/d1/platform/limits/ (2 MB a string, 100 KB of SQL, 10 GB,
 * one query at a time per database), ./d1-errors.ts
 */
import { trueNow } from "./clock";
import { d1Error, type D1ErrorName } from "./d1-errors";
import { connect, countQueries } from "./invocation";
import { sleep } from "./sleep";

const MAX_VALUE_BYTES = 2_000_000;
const MAX_SQL_BYTES = 100_000;

export interface D1Call {
  /** Of all statements of the call, one a line. */
  sql: string;
  writes: boolean;
  isBatch: boolean;
}

export interface D1Fault {
  /** Without one the call only stalls. */
  error?: D1ErrorName;
  /** The call takes effect, and only its answer is lost. */
  committed?: boolean;
  /** So long nothing comes back. */
  stallMs?: number;
}

export interface D1Rules {
  /** Between the caller and the database and back. */
  roundTripMs?: number;
  /** A call that writes, or only reads, keeps the database from all others for so long. */
  writeMs?: number;
  readMs?: number;
  /** When it is free again: one for all bindings to it. */
  turn?: { freeAt: number };
  /** Asked before each call. */
  fault?(call: D1Call): D1Fault | null | undefined;
  /** Past this size only SELECT and DELETE work. */
  maxBytes?: number;
  /** How the time of these rules passes. */
  wait?: (ms: number) => Promise<void>;
}

/** A database with rules, which may change while it is in use. */
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

  // By a time, not by a promise: one made in another request could not be waited for.
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
