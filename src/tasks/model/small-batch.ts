import { isDebug } from "../../log";

/** Up to this many tasks a line each, so that a person can watch a small batch go by. */
export const SMALL_BATCH = 20;

export function logsEach(size: number): boolean {
  return size <= SMALL_BATCH || isDebug();
}
