/**
 * Returns a database that runs something before each write that reaches it, or before some of them.
 */
export function beforeWrites(
  db: D1Database,
  happens: () => Promise<void>,
  writes = /^\s*(update|delete|insert)/i,
): D1Database {
  return new Proxy(db, {
    get(target, name) {
      if (name === "prepare") {
        return (sql: string) => {
          const statement = target.prepare(sql);
          return writes.test(sql) ? held(statement, happens) : statement;
        };
      }
      if (name === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          await happens();
          return target.batch(statements.map(bare));
        };
      }
      return bound(target, name);
    },
  });
}

const bares = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

function bare(statement: D1PreparedStatement): D1PreparedStatement {
  return bares.get(statement) ?? statement;
}

function held(statement: D1PreparedStatement, happens: () => Promise<void>): D1PreparedStatement {
  const proxy = new Proxy(statement, {
    get(target, name) {
      if (name === "bind") {
        return (...values: unknown[]) => held(target.bind(...values), happens);
      }
      if (["run", "all", "raw", "first"].includes(String(name))) {
        return async (...args: unknown[]) => {
          await happens();
          return (bound(target, name) as (...args: unknown[]) => unknown)(...args);
        };
      }
      return bound(target, name);
    },
  });
  bares.set(proxy, statement);
  return proxy;
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === "function" ? value.bind(target) : value;
}
