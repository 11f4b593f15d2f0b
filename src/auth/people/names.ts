import { sql } from "../../db/sql";
import { fold } from "../../lib/fold";
import { asKept } from "../../lib/ids";
import type { KeyColumns } from "../schema";

const NAMES = sql(`
SELECT c.value AS caller, coalesce(u.email, k.name) AS name FROM json_each(:callers) c
LEFT JOIN users u ON c.value LIKE 'user:%' AND u.id = substr(c.value, 6)
LEFT JOIN api_keys k ON c.value LIKE 'key:%' AND k.id = substr(c.value, 5)`);

/**
 * Returns the display names of callers stored as "user:ID" or "key:ID". Deleted callers have none.
 */
export async function namesOf(
  db: D1Database,
  callers: readonly string[],
): Promise<Map<string, string>> {
  if (callers.length === 0) {
    return new Map();
  }
  const { results } = await NAMES.on(db, { callers: JSON.stringify(callers) }).all<{
    caller: string;
    name: string | null;
  }>();
  return new Map(results.flatMap(({ caller, name }) => (name === null ? [] : [[caller, name]])));
}

// NAME_OF_PERSON falls back to the local part of the address, because whoever sees a task may not
// see people's whole addresses.
const NAME_OF_PERSON = `iif(lower(trim(name)) IN ('', email), substr(email, 1, instr(email, '@') - 1), trim(name))`;

/**
 * Returns SQL for the display name of the person or key stored in a column, or NULL for any other
 * text.
 */
export function nameSql(column: string): string {
  return `iif(substr(${column}, 1, 4) = 'key:',
    (SELECT name FROM api_keys WHERE id = substr(${column}, 5)),
    (SELECT ${NAME_OF_PERSON} FROM users
     WHERE id = iif(substr(${column}, 1, 5) = 'user:', substr(${column}, 6), ${column})))`;
}

const CALLER = sql(`
SELECT 'user:' || id AS caller FROM users WHERE id IN (:id, :bare)
UNION ALL SELECT 'key:' || id FROM api_keys WHERE id = :id`);

/**
 * Returns how a person's or key's id, with or without its kind, is stored; any other text is
 * returned unchanged.
 */
export async function callerOf(db: D1Database, text: string): Promise<string> {
  const bare = asKept(text).replace(/^user:/, "");
  return (await CALLER.on(db, { id: text, bare }).first<string>("caller")) ?? text;
}

const MAX_KEYS = 1000;
const MAX_NAMESAKES = 100;

const PERSON = sql("SELECT id, email AS name FROM users WHERE email = :email");
const LATEST_KEYS = sql(`SELECT id, name FROM api_keys ORDER BY created_at DESC LIMIT ${MAX_KEYS}`);

/**
 * Returns the callers of a name, as stored: the person with that address, or the latest keys with
 * that name when folded.
 */
export async function callersNamed(db: D1Database, name: string): Promise<string[]> {
  const [people, keys] = await db.batch<Pick<KeyColumns, "id" | "name">>([
    PERSON.on(db, { email: name.toLowerCase() }),
    LATEST_KEYS.on(db),
  ]);
  const asked = fold(name);
  const named = keys?.results.filter((key) => fold(key.name) === asked) ?? [];
  return [
    ...(people?.results ?? []).map(({ id }) => `user:${id}`),
    ...named.map(({ id }) => `key:${id}`),
  ].slice(0, MAX_NAMESAKES);
}
