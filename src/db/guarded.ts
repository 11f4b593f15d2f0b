/**
 * A guarded database throws D1's own failures as DatabaseTrouble, and repeats calls that only read.
 * A write is repeated only by a caller who knows that it is safe (`retryD1`).
 */
import { type Patience, patiences, retry } from "./retry";
import { DatabaseTrouble, named } from "./trouble";

const guards = new WeakMap<D1Database, Map<Patience, D1Database>>();
const environments = new WeakMap<object, Map<Patience, unknown>>();

/**
 * Returns the environment with its database guarded. One that is guarded already, or has no
 * database, is returned as it is.
 */
export function guarded<E extends Partial<Pick<Env, "DB">>>(env: E, patience: Patience): E {
  const { DB: db } = env;
  return db === undefined || patiences.has(db)
    ? env
    : once(environments, env, patience, () => ({
        ...env,
        DB: once(guards, db, patience, () => guard(db, patience)),
      }));
}

/** A call that has been under way for longer than this counts as stalled. */
const STALL_MS = 10_000;

/** Health remembers when a call last failed or had stalled, and when each call under way began. */
interface Health {
  troubledAt: number;
  underWay: Set<{ since: number }>;
}

const healths = new WeakMap<D1Database, Health>();

/**
 * Tells whether a call that began since then failed for D1's own reasons, or stalled. Earlier calls
 * that are under way do not count: they may be of an invocation that was cut off, and never end.
 */
export function isTroubledSince(db: D1Database, since: number, now: number): boolean {
  const { troubledAt, underWay } = healths.get(db) ?? { troubledAt: 0, underWay: [] };
  const until = now - STALL_MS;
  return (
    troubledAt >= since || [...underWay].some((call) => call.since >= since && call.since < until)
  );
}

const NONE: Patience = { passing: [], overloaded: [] };

/** Returns an environment for work that hides D1's troubles; `met` collects those that it meets. */
export function noting<E extends Pick<Env, "DB">>(env: E): { env: E; met: DatabaseTrouble[] } {
  const met: DatabaseTrouble[] = [];
  return { env: { ...env, DB: guard(env.DB, NONE, (trouble) => met.push(trouble)) }, met };
}

function guard(
  db: D1Database,
  patience: Patience,
  note?: (trouble: DatabaseTrouble) => void,
): D1Database {
  /**
   * `own` maps a statement that was handed out to the platform's own, and to whether it only reads.
   */
  const own = new WeakMap<
    D1PreparedStatement,
    { statement: D1PreparedStatement; reads: boolean }
  >();

  const health: Health = { troubledAt: 0, underWay: new Set() };

  const tried = async <T>(run: () => Promise<T>): Promise<T> => {
    const call = { since: Date.now() };
    health.underWay.add(call);
    try {
      return await run();
    } catch (thrown) {
      const error = named(thrown);
      if (error instanceof DatabaseTrouble) {
        health.troubledAt = Date.now();
        note?.(error);
      }
      throw error;
    } finally {
      health.underWay.delete(call);
      if (Date.now() - call.since > STALL_MS) {
        health.troubledAt = Date.now();
      }
    }
  };
  const call = <T>(reads: boolean, run: () => Promise<T>): Promise<T> =>
    reads ? retry(() => tried(run), patience) : tried(run);
  const prepared = (statement: D1PreparedStatement, reads: boolean): D1PreparedStatement => {
    const handed = {
      bind: (...values: unknown[]) => prepared(statement.bind(...values), reads),
      run: () => call(reads, () => statement.run()),
      all: () => call(reads, () => statement.all()),
      first: (column: string) => call(reads, () => statement.first(column)),
      raw: (options?: { columnNames?: false }) => call(reads, () => statement.raw(options)),
    } as unknown as D1PreparedStatement;
    own.set(handed, { statement, reads });
    return handed;
  };
  const database = {
    prepare: (sql: string) => prepared(db.prepare(sql), /^\s*select\b/i.test(sql)),
    batch: (statements: D1PreparedStatement[]) => {
      const all = statements.map((each) => own.get(each) ?? { statement: each, reads: false });
      return call(
        all.every(({ reads }) => reads),
        () => db.batch(all.map(({ statement }) => statement)),
      );
    },
  } as unknown as D1Database;
  patiences.set(database, patience);
  healths.set(database, health);
  return database;
}

/** Makes a value once for each key and patience. */
function once<K extends object, V>(
  made: WeakMap<K, Map<Patience, unknown>>,
  key: K,
  patience: Patience,
  make: () => V,
): V {
  const known = made.get(key) ?? new Map<Patience, unknown>();
  made.set(key, known);
  if (!known.has(patience)) {
    known.set(patience, make());
  }
  return known.get(patience) as V;
}
