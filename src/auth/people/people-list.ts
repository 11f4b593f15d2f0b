import { Conditions } from "../../db/conditions";
import { sql, statement } from "../../db/sql";
import { cutPage, type Page, type PageRequest, scanSize } from "../../http/paging";
import { wordFinder } from "../../lib/fold";
import { ACCESS_PROVIDER } from "../access/access";
import type { Role } from "../../caller";
import type { UserColumns } from "../schema";

export interface PersonRow extends Pick<UserColumns, "id" | "name" | "email" | "banned"> {
  role: Role | null;
  banReason: UserColumns["ban_reason"];
  /** `banExpires` is in Unix milliseconds, as every moment here; null is a ban without end. */
  banExpires: UserColumns["ban_expires"];
  createdAt: UserColumns["created_at"];
  /** `sessions` counts open sessions; `lastSession` is when the newest of them began. */
  sessions: number;
  lastSession: number | null;
  hasPassword: number;
  /**
   * `lastAccess` is when they last came through Cloudflare Access, to the hour; null means never.
   */
  lastAccess: number | null;
}

export interface PeopleFilter {
  /** `search` holds words of an address or a name. */
  search?: string;
  role?: Role;
  state?: "active" | "banned";
}

const SELECT = sql(`
SELECT u.id, u.name, u.email, u.role, u.banned, u.ban_reason AS banReason,
  u.ban_expires AS banExpires, u.created_at AS createdAt,
  (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND s.expires_at > :now) AS sessions,
  (SELECT max(s.created_at) FROM sessions s WHERE s.user_id = u.id AND s.expires_at > :now)
    AS lastSession,
  EXISTS (SELECT 1 FROM accounts a WHERE a.user_id = u.id AND a.password IS NOT NULL) AS hasPassword,
  (SELECT max(a.updated_at) FROM accounts a
    WHERE a.user_id = u.id AND a.provider_id = '${ACCESS_PROVIDER}') AS lastAccess
FROM json_each(:ids) m JOIN users u ON u.id = m.value ORDER BY m.key`);

/**
 * Lists people by address. A filtered page looks at no more than 1,000, and may come back short.
 */
export async function listPeople(
  db: D1Database,
  filter: PeopleFilter,
  request: PageRequest,
  now: number,
): Promise<Page<PersonRow>> {
  const { cursor } = request;
  const backwards = cursor?.direction === "previous";
  const match = new Conditions();
  if (filter.role !== undefined) {
    match.add("role = :role", { role: filter.role });
  }
  if (filter.state !== undefined) {
    match.add(filter.state === "banned" ? "banned IS 1" : "banned IS NOT 1");
  }
  const { search = "" } = filter;
  const hasWords = wordFinder(search);
  const size = scanSize(request, !match.isEmpty || search !== "");
  const { results } = await statement(
    db,
    `SELECT id, email, name, ${match.sql} AS hit FROM (
       SELECT id, email, name, role, banned FROM users
       ${cursor ? `WHERE email ${backwards ? "<" : ">"} :past` : ""}
       ORDER BY email ${backwards ? "DESC" : "ASC"} LIMIT ${size + 1})`,
    match.values,
    cursor ? { past: String(cursor.key[0]) } : {},
  ).all<Pick<UserColumns, "id" | "email" | "name"> & { hit: number }>();
  const looked = results.map((row) => ({
    ...row,
    hit: Number(row.hit === 1 && hasWords(`${row.name} ${row.email}`)),
  }));
  const page = cutPage(looked, request, size, ({ email }) => [email]);
  const ids = page.rows.map(({ id }) => id);
  return { ...page, rows: await readPeople(db, ids, now) };
}

export async function findPerson(
  db: D1Database,
  id: string,
  now: number,
): Promise<PersonRow | null> {
  return (await readPeople(db, [id], now))[0] ?? null;
}

async function readPeople(db: D1Database, ids: string[], now: number): Promise<PersonRow[]> {
  return (await SELECT.on(db, { ids: JSON.stringify(ids), now }).all<PersonRow>()).results;
}
