import { expect, expectTypeOf, it } from "vitest";
import { Conditions } from "../../src/db/conditions";
import type { RowOf } from "../../src/db/row";
import { sql, statement, type Sql } from "../../src/db/sql";
import type { orders } from "../../src/orders/order/schema";
import type { tasks } from "../../src/tasks/model/schema";
import type { users } from "../../src/auth/schema";

/** `prepared` has what was prepared and bound, for which no database is needed. */
const prepared: { text: string; bound: unknown[] }[] = [];
const db = {
  prepare: (text: string) => {
    const one = { text, bound: [] as unknown[] };
    prepared.push(one);
    return {
      bind: (...values: unknown[]) => {
        one.bound = values;
        return one;
      },
    };
  },
} as unknown as D1Database;

it("binds by name, each name once, wherever it stands", () => {
  const move = sql("UPDATE t SET a = :to, b = :at WHERE a <> :to AND id = :id");
  move.on(db, { id: "x", at: 3, to: null });
  expect(prepared.at(-1)).toEqual({
    text: "UPDATE t SET a = ?1, b = ?2 WHERE a <> ?1 AND id = ?3",
    bound: [null, 3, "x"],
  });
});

it("binds nothing where nothing is named", () => {
  sql("SELECT 1").on(db);
  expect(prepared.at(-1)).toEqual({ text: "SELECT 1", bound: [] });
});

it("leaves strings, quoted names and comments as they are", () => {
  const text = `SELECT 'user:' || id, 'it''s :no', '12:30', "a:b", j ->> '$.a:b' -- not :this ?
    /* nor :that ?1
    :either */ FROM t WHERE at = :at`;
  expect(sql(text, ["at"]).text).toBe(text.replace(":at", "?1"));
});

it("keeps a longer name apart from a shorter one", () => {
  expect(sql("SELECT :id, :id2, :id_3, :id").text).toBe("SELECT ?1, ?2, ?3, ?1");
});

it("takes no position beside names", () => {
  expect(() => sql("SELECT ?1, :id")).toThrow("?1 has no name");
  expect(() => sql("SELECT ?, :id")).toThrow("? has no name");
});

it("holds the names that are said against the text", () => {
  expect(() => sql("SELECT :id, :at", ["id"])).toThrow("at");
  expect(() => sql("SELECT :id", ["id", "at"])).toThrow("at");
  expect(sql("SELECT :id", ["id"]).text).toBe("SELECT ?1");
});

it("puts the values of several parts together, but never two of one name", () => {
  statement(db, "SELECT :id, :at", { at: 1 }, { id: "x" });
  expect(prepared.at(-1)).toEqual({ text: "SELECT ?1, ?2", bound: ["x", 1] });
  expect(() => statement(db, "SELECT :id", { id: "x" }, { id: "y" })).toThrow(":id is given twice");
  expect(() => statement(db, "SELECT :id", {})).toThrow("id");
});

it("binds what conditions need", () => {
  const where = new Conditions();
  expect(where.sql).toBe("true");
  where.add("at >= :from", { from: 5 });
  where.addAny("t.user", ["a", "b"]);
  where.addAny("code", ["1", "2", "3", "4", "5"]);
  where.add("sent_at IS NULL");
  statement(db, `SELECT ${where.sql}`, where.values);
  expect(prepared.at(-1)).toEqual({
    text:
      "SELECT (at >= ?1) AND (t.user = ?2 OR t.user = ?3) AND " +
      "(code IN (SELECT value FROM json_each(?4))) AND (sent_at IS NULL)",
    bound: [5, "a", "b", '["1","2","3","4","5"]'],
  });
});

const HELD =
  "SELECT h.value FROM leases l, json_each(l.task_ids, '$.a:b') h WHERE l.token = :token";
const UNKNOWN: string = "name = :name";

it("has types see the names of a text and of its fragments", () => {
  expectTypeOf(sql("SELECT 'a:b', '' || :id || ':no'")).toEqualTypeOf<Sql<"id">>();
  expectTypeOf(sql(`SELECT :now WHERE id IN (${HELD})`)).toEqualTypeOf<Sql<"now" | "token">>();
  expectTypeOf(sql("SELECT 1")).toEqualTypeOf<Sql<never>>();
  const extend = sql("UPDATE leases SET expires_at = :until\nWHERE token = :token");
  const wrong = () => {
    // @ts-expect-error: one is missing
    extend.on(db, { token: "x" });
    // @ts-expect-error: misspelt
    extend.on(db, { token: "x", untill: 1 });
    // @ts-expect-error: one too many
    extend.on(db, { token: "x", until: 1, now: 2 });
    // @ts-expect-error: no value is left out
    extend.on(db, { token: "x", until: undefined });
    // @ts-expect-error: nothing to bind
    sql("SELECT 1").on(db, { token: "x" });
    // @ts-expect-error: nothing bound
    extend.on(db);
    // @ts-expect-error: the names of what is not known while types are checked must be said
    sql(`SELECT 1 WHERE ${UNKNOWN}`);
    const where = new Conditions();
    // @ts-expect-error: misspelt
    where.add("at >= :from", { form: 5 });
  };
  expect(wrong).toBeTypeOf("function");
});

it("has types of rows follow the schema, by the names of columns", () => {
  expectTypeOf<Pick<RowOf<typeof tasks>, "id" | "max_attempts" | "started_at">>().toEqualTypeOf<{
    id: string;
    max_attempts: number;
    started_at: number | null;
  }>();
  // The row has values as they are stored, not the Date and the boolean that drizzle makes of them.
  expectTypeOf<Pick<RowOf<typeof users>, "created_at" | "banned">>().toEqualTypeOf<{
    created_at: number;
    banned: number | null;
  }>();
  // @ts-expect-error: the name of a property, not of a column
  expectTypeOf<Pick<RowOf<typeof orders>, "taskId">>().toBeObject();
});
