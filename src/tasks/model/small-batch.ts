import { isDebug } from "../../log";

/** Batches up to this size are logged a line per task, so that a person can watch one go by. */
export const SMALL_BATCH = 20;

export function logsEach(size: number): boolean {
  return size <= SMALL_BATCH || isDebug();
}
