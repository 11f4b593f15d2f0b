/**
 * A DatabaseTrouble is a failure of D1 itself, not of a statement, told by D1's words. Only what a
 * call to D1 threw is tested for them (guarded.ts, retry.ts): an R2 bucket, a Durable Object or a
 * sender who hung up may fail in the same words. The sources of the words:
 *
 * [debug] https://developers.cloudflare.com/d1/observability/debug-d1/ (List of D1_ERRORs)
 * [limits] https://developers.cloudflare.com/d1/platform/limits/ and what deployments report
 * [api] workerd, src/cloudflare/internal/d1-api.ts
 * [objects] https://developers.cloudflare.com/durable-objects/best-practices/error-handling/, as a
 * database is one
 */

import { causesOf } from "../lib/causes";

/**
 * A "passing" trouble is worth a repeat, if the statement bears one. An "overloaded" database is
 * made worse by repeats, and needs a longer wait. A "full" one writes nothing until there is room.
 * An "unmigrated" one lacks the schema of this code until somebody migrates it.
 */
export type TroubleKind = "passing" | "overloaded" | "full" | "unmigrated";

/** SQLite says this of what a statement names and the schema lacks. */
const LACKS =
  /no such (table|column|index):|has no column named|on conflict clause does not match/i;

/** The patterns are looser than the documented words, which change. The first match counts. */
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

/** DatabaseTrouble is thrown when D1 failed, not the statement. drizzle throws it as a cause. */
export class DatabaseTrouble extends Error {
  constructor(
    readonly kind: TroubleKind,
    cause: unknown,
  ) {
    super(messageOf(cause), { cause });
    this.name = "DatabaseTrouble";
  }
}

/** Returns what a call to D1 threw as a DatabaseTrouble if it is one, else as it is. */
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
  // SQLite's other errors are the statement's fault, except that of a full disk.
  const isStatement = /SQLITE_(?!FULL)/.test(message);
  return isStatement ? undefined : SAYS.find(([says]) => says.test(message))?.[1];
}

/**
 * Finds the trouble behind an error, however often it was wrapped; null when D1 is not to blame.
 */
export function troubleBehind(error: unknown): DatabaseTrouble | null {
  return causesOf(error).find((cause) => cause instanceof DatabaseTrouble) ?? null;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
