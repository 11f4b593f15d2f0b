import type { Context } from "hono";
import { type Caller, callerId } from "../caller";
import { assertCaller } from "../http/require";
import { Conditions } from "../db/conditions";
import { retryD1 } from "../db/retry";
import type { RowOf } from "../db/row";
import { sql, statement } from "../db/sql";
import type { AppEnv } from "../http/app-env";
import { cutPage, type Page, type PageRequest, scanSize } from "../http/paging";
import { isLonger } from "../lib/cut-text";
import { fold } from "../lib/fold";
import { log } from "../log";
import { keptJson } from "../lib/kept-json";
import { newBatchId, taskId } from "../lib/ids";
import type { auditLog } from "./schema";

export const AUDITED = [
  "task.cancel",
  "task.retry",
  "task.discard",
  "task.replay",
  "task.run",
  "tasks.cancel",
  "tasks.retry",
  "tasks.discard",
  "template.save",
  "template.deactivate",
  "queue.pause",
  "queue.resume",
  "order.delete",
  "export.orders",
  "export.tasks",
  "key.create",
  "key.revoke",
  "person.create-user",
  "person.set-role",
  "person.set-user-password",
  "person.ban-user",
  "person.unban-user",
  "person.remove-user",
  "person.revoke-user-session",
  "person.revoke-user-sessions",
] as const;
export type AuditedAction = (typeof AUDITED)[number];

export interface AuditEntry extends Pick<RowOf<typeof auditLog>, "id" | "at" | "actor" | "target"> {
  action: AuditedAction;
  detail: Record<string, unknown> | null;
}

const INSERT = sql(`
INSERT INTO audit_log (id, at, actor, action, target, detail)
VALUES (:id, :at, :actor, :action, :target, :detail)
ON CONFLICT (id) DO NOTHING`);

type StoredEntry = RowOf<typeof auditLog> & Pick<AuditEntry, "action">;

/**
 * Acting says who gives a command and in which environment; commands take it instead of a request.
 */
export interface Acting {
  env: Env;
  caller: Caller;
}

/** Returns the caller and environment of a request. Throws 401. */
export function actingOf(c: Context<AppEnv>): Acting {
  return { env: c.env, caller: assertCaller(c.var.caller) };
}

/**
 * Adds an entry to the audit log, and a log line. It never fails the action, which is done by then.
 */
export async function audit(
  { env, caller }: Acting,
  action: AuditedAction,
  target: string,
  detail?: Record<string, unknown>,
): Promise<void> {
  const actor = callerId(caller);
  const kept = detail && keptDetail(detail);
  const at = Date.now();
  const entry = INSERT.on(env.DB, {
    id: taskId(newBatchId(at), 0),
    at,
    actor,
    action,
    target,
    detail: JSON.stringify(kept) ?? null,
  });
  log.info("audit", { actor, action, target, ...kept });
  await retryD1(env.DB, () => entry.run()).catch((error: unknown) => {
    // The action is done and its log line written, so a lost entry is reported, not thrown.
    log.error("audit.failed", { action, target, message: String(error) });
  });
}

const MAX_MEMBER_CHARACTERS = 2000;

/**
 * Returns each member as it is, or its size and beginning, because a filter may list a thousand
 * ids.
 */
function keptDetail(detail: Record<string, unknown>): Record<string, unknown> {
  const members = Object.entries(detail).map(([name, value]) => {
    const text = JSON.stringify(value) ?? "";
    const fits = !isLonger(text, MAX_MEMBER_CHARACTERS);
    return [name, fits ? value : (JSON.parse(keptJson(text, MAX_MEMBER_CHARACTERS)) as unknown)];
  });
  return Object.fromEntries(members) as Record<string, unknown>;
}

export interface AuditFilter {
  /** An entry matches if its actor is any of these. */
  actors?: readonly string[];
  action?: AuditedAction;
  /** An entry matches if its folded target is any of these. */
  targets?: readonly string[];
}

/**
 * Lists entries, newest first. A filtered page looks at no more than 1,000 entries, and may come
 * back short.
 */
export async function listAudit(
  db: D1Database,
  filter: AuditFilter,
  request: PageRequest,
): Promise<Page<AuditEntry>> {
  const { cursor } = request;
  const backwards = cursor?.direction === "previous";
  const match = new Conditions();
  if (filter.action !== undefined) {
    match.add("action = :action", { action: filter.action });
  }
  if (filter.actors !== undefined) {
    match.addAny("actor", filter.actors);
  }
  const targets = filter.targets && new Set(filter.targets.map(fold));
  const size = scanSize(request, !match.isEmpty || targets !== undefined);
  const { results } = await statement(
    db,
    `SELECT *, ${match.sql} AS hit FROM (
       SELECT * FROM audit_log ${cursor ? `WHERE id ${backwards ? ">" : "<"} :past` : ""}
       ORDER BY id ${backwards ? "ASC" : "DESC"} LIMIT ${size + 1})`,
    match.values,
    cursor ? { past: String(cursor.key[0]) } : {},
  ).all<StoredEntry & { hit: number }>();
  const looked = results.map((entry) => ({
    ...entry,
    hit: Number(entry.hit === 1 && (targets?.has(fold(entry.target)) ?? true)),
  }));
  const page = cutPage(looked, request, size, ({ id }) => [id]);
  return {
    ...page,
    rows: page.rows.map(({ hit: _hit, detail, ...entry }) => ({
      ...entry,
      detail: detail === null ? null : (JSON.parse(detail) as Record<string, unknown>),
    })),
  };
}
