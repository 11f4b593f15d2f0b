/**
 * A database without room. It reads and deletes on, and writes what fits into pages it has.
 *
 * https://developers.cloudflare.com/d1/observability/debug-d1/ (a database, an account)
 * https://developers.cloudflare.com/durable-objects/platform/limits/ (an object's own)
 */
import { isRecent } from "../lib/recent";
import { log } from "../log";
import { DatabaseTrouble, named, troubleBehind } from "./trouble";

/** Whether a write failed for want of room: it changed nothing, and fails until there is some. */
export function isDatabaseFull(error: unknown): boolean {
  const trouble = troubleBehind(error) ?? named(error);
  return trouble instanceof DatabaseTrouble && trouble.kind === "full";
}

const SAID_MS = 60_000;
let saidAt = -Infinity;

/** Logs that there is no room, once a minute, as every request, batch and look finds it so. */
export function logFull(fields: Record<string, unknown>, now = Date.now()): void {
  if (!isRecent(saidAt, SAID_MS, now)) {
    saidAt = now;
    log.error("database.full", fields);
  }
}

/** Logs a failed call, or that it found the database full. */
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
