/** Who stands behind a socket, and what that lets it see. */
import type { Context } from "hono";
import { type Caller, callerId, can, type Person } from "../caller";
import { keyExpiry } from "../auth/keys/keys";
import { assertCaller } from "../http/require";
import { currentSession } from "../auth/sessions/session";
import { database } from "../db/client";
import type { AppEnv } from "../http/app-env";
import type { LiveFilter } from "./events";

/** What a socket ends with: a session, a token of Access, an API key, or the link to a batch. */
export interface Holder {
  kind: "session" | "access" | "key" | "link";
  id: string;
  /** Unix milliseconds. */
  until: number;
}

export interface Admission {
  holder: Holder;
  filter: LiveFilter;
  /** May also read the lists of the task API (tickets only). */
  reads: boolean;
}

const LINK_MS = 3_600_000;

export function holderTag({ kind, id }: Holder): string {
  return `${kind}:${id}`;
}

/**
 * What the caller of a request may listen to. Reads the session or key anew: a copy in a cookie or
 * an isolate may have been revoked, and a socket lasts. 401 for nobody.
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
