import { counts } from "./counters";

/**
 * Runs a call to an object and counts the rows it touched. The cursors tell how many, once they
 * have been read to their end, so they are asked after the call.
 */
export function countingRows<T>(storage: DurableObjectStorage, call: () => T): T {
  const cursors = watchCursors(storage.sql);
  const result = call();
  for (const cursor of cursors.splice(0)) {
    counts.objectRowsRead += cursor.rowsRead;
    counts.objectRowsWritten += cursor.rowsWritten;
  }
  return result;
}

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>;

const watched = new WeakMap<object, Cursor[]>();

function watchCursors(sql: SqlStorage): Cursor[] {
  let cursors = watched.get(sql);
  if (!cursors) {
    const made: Cursor[] = [];
    const exec = sql.exec.bind(sql) as (...args: unknown[]) => Cursor;
    const counted = (...args: unknown[]) => {
      const cursor = exec(...args);
      made.push(cursor);
      return cursor;
    };
    Object.defineProperty(sql, "exec", { value: counted });
    watched.set(sql, made);
    cursors = made;
  }
  return cursors;
}

/** A namespace whose stubs count calls, and add up how long their callers waited. */
export function countingNamespace<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
): DurableObjectNamespace<T> {
  return new Proxy(namespace, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (property === "getByName") {
        return (name: string) => countingStub(target.getByName(name));
      }
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function countingStub<T extends object>(stub: T): T {
  return new Proxy(stub, {
    get(target, property) {
      const value = Reflect.get(target, property, target) as unknown;
      if (typeof value !== "function" || typeof property === "symbol") {
        return value;
      }
      return async (...args: unknown[]) => {
        counts.objectCalls += 1;
        const started = performance.now();
        try {
          return await (target as Record<string, (...args: unknown[]) => Promise<unknown>>)[
            property
          ]?.(...args);
        } finally {
          counts.objectMs += performance.now() - started;
        }
      };
    },
  });
}
