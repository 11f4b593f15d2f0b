/**
 * A full database still reads, deletes, and writes what fits into the pages it has.
 *
 * https://developers.cloudflare.com/d1/observability/debug-d1/ (a database, an account)
 * https://developers.cloudflare.com/durable-objects/platform/limits/ (an object's own)
 */
import { isRecent } from "../lib/recent";
import { log } from "../log";
import { DatabaseTrouble, named, troubleBehind } from "./trouble";

/**
 * Tells whether a write failed for want of room. It changed nothing, and fails until there is room.
 */
export function isDatabaseFull(error: unknown): boolean {
  const trouble = troubleBehind(error) ?? named(error);
  return trouble instanceof DatabaseTrouble && trouble.kind === "full";
}

const SAID_MS = 60_000;
let saidAt = -Infinity;

/** Logs a full database at most once a minute, as every request and every batch meets it. */
export function logFull(fields: Record<string, unknown>, now = Date.now()): void {
  if (!isRecent(saidAt, SAID_MS, now)) {
    saidAt = now;
    log.error("database.full", fields);
  }
}

/** Logs a failed call, or a full database if that is why it failed. */
export function logFailure(
  event: string,
  error: unknown,
  fields: Record<string, unknown> = {},
): void {
  const message = String(error);
  if (isDatabaseFull(error)) {
    logFull({ found: event, ...fields, message });
  } else {
    log.error(event, { ...fields, message });
  }
}
