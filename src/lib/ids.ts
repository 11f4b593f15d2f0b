/**
 * Task ids are shaped like UUIDv7: 48 bits of milliseconds, version, 58 random bits drawn once per
 * request, and a 16-bit sequence. All but the sequence is the id of the request's batch, which the
 * API calls `lote`. So the tasks of one request are one range of the primary key, in order, and
 * newest first is the key backwards.
 */
export const MAX_TASKS_PER_BATCH = 0x10000;

const BATCH_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{8}$/;
const TASK_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function newBatchId(now: number): string {
  const random = crypto.getRandomValues(new Uint8Array(8));
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const variant = (8 + ((random[1] ?? 0) & 3)).toString(16);
  return `${firstIdAt(now)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(8)}`;
}

/**
 * Returns a prefix that sorts at or before every id of that millisecond. It is not an id itself.
 */
export function firstIdAt(ms: number): string {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}

/** Returns the Unix millisecond in which the task was accepted. */
export function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

export function taskId(batchId: string, sequence: number): string {
  return batchId + sequence.toString(16).padStart(4, "0");
}

export function batchIdOf(id: string): string {
  return id.slice(0, -4);
}

export function isBatchId(text: string): boolean {
  return BATCH_ID.test(text);
}

export function isTaskId(text: string): boolean {
  return TASK_ID.test(text);
}

/** Returns the first and the last id that a batch can hold. */
export function batchRange(batchId: string): [first: string, last: string] {
  return [taskId(batchId, 0), taskId(batchId, MAX_TASKS_PER_BATCH - 1)];
}

const UUID =
  /^(user:|key:)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

/**
 * Normalizes an id written in capitals or without hyphens to its stored form. Any other text is
 * returned unchanged.
 */
export function asKept(id: string): string {
  const [, kind = "", ...parts] = UUID.exec(id) ?? [];
  return parts.length > 0 ? kind + parts.join("-").toLowerCase() : id;
}

/** The id right after (1) or right before (-1) another: no task need have it. */
export function idBeside(id: string, step: 1 | -1): string {
  const digits = (BigInt(`0x${id.replaceAll("-", "")}`) + BigInt(step))
    .toString(16)
    .padStart(32, "0");
  return [
    digits.slice(0, 8),
    ...[8, 12, 16].map((at) => digits.slice(at, at + 4)),
    digits.slice(20),
  ].join("-");
}
