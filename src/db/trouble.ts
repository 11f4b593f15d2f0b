/**
 * What D1 says when the trouble is its own, not the statement's. Only what a call to D1 threw is held
 * against this (guarded.ts, retry.ts): a lost connection is said in the same words by an R2 bucket,
 * a Durable Object or a sender who hung up.
 *
 * [debug] https://developers.cloudflare.com/d1/observability/debug-d1/ (List of D1_ERRORs)
 * [limits] https://developers.cloudflare.com/d1/platform/limits/ and what deployments report
 * [api] workerd, src/cloudflare/internal/d1-api.ts
 * [objects] https://developers.cloudflare.com/durable-objects/best-practices/error-handling/, as a
 * database is one
 */

import { causesOf } from "../lib/causes";

/**
 * "passing": a repeat is safe, if the statement bears one, and helps. "overloaded": a repeat makes
 * it worse; wait longer. "full": nothing is written until there is room. "unmigrated": this code was
 * deployed before its schema, and waits until somebody migrates.
 */
export type TroubleKind = "passing" | "overloaded" | "full" | "unmigrated";

/** SQLite's words for what a statement names and the schema lacks. */
const LACKS =
  /no such (table|column|index):|has no column named|on conflict clause does not match/i;

/** Looser than the documented words, which have been reworded before. The first that matches counts. */
const SAYS: readonly [RegExp, TroubleKind][] = [
  // [limits] Exceeded maximum DB size. ... maximum account storage limit. database or disk is full
  [/maximum (db|database|account storage)\b|disk is full/i, "full"],
  // [debug] D1 DB is overloaded. Requests queued for too long. / Too many requests queued.
  // [objects] Durable Object is overloaded.
  [/overloaded|requests queued|queued for too long/i, "overloaded"],
  // [debug] D1 DB reset because its code was updated. ... caused object to be reset. (storage failed,
  // did not start, or exceeded its timeout) ... exceeded its memory limit, its CPU time limit and was reset.
  [/\breset\b|code (was|has been) updated/i, "passing"],
  // [debug] Network connection lost. Cannot resolve D1 DB due to transient issue on remote node.
  [/connection (was )?(lost|closed)|transient/i, "passing"],
  // [debug] Can't read from request stream because client disconnected. Here the client is this Worker.
  [/request stream|client disconnected/i, "passing"],
  // [api] Failed to parse body as JSON, got: ... (an error page of what is between)
  [/failed to parse body as json/i, "passing"],
  // [objects] internal error; reference = ...
  [/internal error/i, "passing"],
];

/** A call to D1 failed, and not for what it asked. As drizzle throws it, it is in the cause. */
export class DatabaseTrouble extends Error {
  constructor(
    readonly kind: TroubleKind,
    cause: unknown,
  ) {
    super(messageOf(cause), { cause });
    this.name = "DatabaseTrouble";
  }
}

/** What a call to D1 threw, as a DatabaseTrouble if it is one; else as it is. */
export function named(thrown: unknown): unknown {
  const known = troubleBehind(thrown);
  if (known) {
    return known;
  }
  const message = messageOf(thrown);
  const kind = kindOf(message);
  return kind ? new DatabaseTrouble(kind, thrown) : thrown;
}

function kindOf(message: string): TroubleKind | undefined {
  if (LACKS.test(message)) {
    return "unmigrated";
  }
  // SQLite's other errors are the statement's, but for a disk that is full.
  const isStatement = /SQLITE_(?!FULL)/.test(message);
  return isStatement ? undefined : SAYS.find(([says]) => says.test(message))?.[1];
}

/** The trouble behind an error, however often it was wrapped; null when D1 is not to blame. */
export function troubleBehind(error: unknown): DatabaseTrouble | null {
  return causesOf(error).find((cause) => cause instanceof DatabaseTrouble) ?? null;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
