/** A holder is who stands behind a socket; its admission is what that lets it see. */
import type { Context } from "hono";
import { type Caller, callerId, can, type Person } from "../caller";
import { keyExpiry } from "../auth/keys/keys";
import { assertCaller } from "../http/require";
import { currentSession } from "../auth/sessions/session";
import { database } from "../db/client";
import type { AppEnv } from "../http/app-env";
import type { LiveFilter } from "./events";

/**
 * A Holder is what a socket ends with: a session, a token of Access, an API key, or the link to a
 * batch.
 */
export interface Holder {
  kind: "session" | "access" | "key" | "link";
  id: string;
  /** `until` is in Unix milliseconds. */
  until: number;
}

export interface Admission {
  holder: Holder;
  filter: LiveFilter;
  /** `reads` admits a ticket to the lists of the task API too. */
  reads: boolean;
}

const LINK_MS = 3_600_000;

export function holderTag({ kind, id }: Holder): string {
  return `${kind}:${id}`;
}

/**
 * Returns what the caller of a request may follow. It reads the session or key from the database,
 * since a cookie's or an isolate's copy may have been revoked and a socket lasts. Throws 401 for
 * nobody.
 */
export async function admit(c: Context<AppEnv>): Promise<Admission> {
  const caller = assertCaller(c.var.caller);
  const holder = caller.kind === "key" ? await keyHolder(c, caller) : await personHolder(c, caller);
  const known = assertCaller(holder && caller);
  const reads = can(known, "tasks:read");
  return { holder: holder as Holder, filter: reads ? {} : { user: callerId(known) }, reads };
}

/** For whoever has the signed link to a batch's page; the page comes with a new one each time. */
export function linkAdmission(batchId: string, now: number): Admission {
  const holder: Holder = { kind: "link", id: batchId, until: now + LINK_MS };
  return { holder, filter: { lote: batchId }, reads: false };
}

async function personHolder(
  c: Context<AppEnv>,
  { id, accessUntil }: Person,
): Promise<Holder | null> {
  if (accessUntil !== undefined) {
    return { kind: "access", id, until: accessUntil };
  }
  const session = await currentSession(c, true);
  return session && { kind: "session", id: session.id, until: session.expiresAt.getTime() };
}

async function keyHolder(c: Context<AppEnv>, { id }: Caller): Promise<Holder | null> {
  const until = await keyExpiry(database(c.env), id, Date.now());
  return until === null ? null : { kind: "key", id, until };
}
