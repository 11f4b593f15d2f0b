import { Conditions } from "../../db/conditions";
import { statement } from "../../db/sql";
import { cutPage, type Page, type PageRequest, scanSize } from "../../http/paging";
import { wordFinder } from "../../lib/fold";
import type { Scope } from "../../caller";
import type { KeyColumns } from "../schema";

/** A KeyRow is a key as lists show it; moments are Unix milliseconds. */
export interface KeyRow extends Pick<KeyColumns, "id" | "name"> {
  scopes: Scope[];
  createdBy: KeyColumns["created_by"];
  createdAt: KeyColumns["created_at"];
  expiresAt: KeyColumns["expires_at"];
  revokedAt: KeyColumns["revoked_at"];
  /** `lastUsedAt` is exact to the minute. */
  lastUsedAt: KeyColumns["last_used_at"];
}

export const KEY_STATES = ["active", "expired", "revoked"] as const;
export type KeyState = (typeof KEY_STATES)[number];

export interface KeyFilter {
  /** `search` is an id, or words of a name. */
  search?: string;
  state?: KeyState;
}

export function stateOf(key: Pick<KeyRow, "expiresAt" | "revokedAt">, now: number): KeyState {
  if (key.revokedAt !== null) {
    return "revoked";
  }
  return key.expiresAt !== null && key.expiresAt <= now ? "expired" : "active";
}

/**
 * Lists keys, newest first. It looks at no more than 1,000, so a filtered page may come back short.
 */
export async function pageOfKeys(
  db: D1Database,
  filter: KeyFilter,
  request: PageRequest,
  now: number,
): Promise<Page<KeyRow>> {
  const { cursor } = request;
  const backwards = cursor?.direction === "previous";
  const match = new Conditions();
  if (filter.state === "revoked") {
    match.add("revoked_at IS NOT NULL");
  } else if (filter.state !== undefined) {
    const isOver =
      `coalesce(expires_at, 9e15) ${filter.state === "expired" ? "<=" : ">"} :now` as const;
    match.add(`revoked_at IS NULL AND ${isOver}`, { now });
  }
  const { search = "" } = filter;
  const hasWords = wordFinder(search);
  const size = scanSize(request, !match.isEmpty || search !== "");
  const direction = backwards ? "ASC" : "DESC";
  const { results } = await statement(
    db,
    `SELECT id, name, scopes, created_by AS createdBy, created_at AS createdAt,
       expires_at AS expiresAt, revoked_at AS revokedAt, last_used_at AS lastUsedAt,
       ${match.sql} AS hit
     FROM (
       SELECT * FROM api_keys
       ${cursor ? `WHERE (created_at, id) ${backwards ? ">" : "<"} (:pastAt, :past)` : ""}
       ORDER BY created_at ${direction}, id ${direction} LIMIT ${size + 1})`,
    match.values,
    cursor ? { pastAt: Number(cursor.key[0]), past: String(cursor.key[1]) } : {},
  ).all<Omit<KeyRow, "scopes"> & { scopes: KeyColumns["scopes"]; hit: number }>();
  const looked = results.map((key) => ({
    ...key,
    hit: Number(key.hit === 1 && (key.id === search || hasWords(key.name))),
  }));
  const page = cutPage(looked, request, size, (key) => [key.createdAt, key.id]);
  return {
    ...page,
    rows: page.rows.map(({ hit: _hit, scopes, ...key }) => ({
      ...key,
      scopes: JSON.parse(scopes) as Scope[],
    })),
  };
}
