import { vi } from "vitest";

const realSetTimeout = setTimeout;

/**
 * Lets the faked clock and timers run on while work waits for them. Returns what came of it, and how
 * long it took by that clock.
 */
export async function elapse<T>(work: Promise<T>): Promise<{ result: T; ms: number }> {
  const from = Date.now();
  let over = false;
  const result = work.finally(() => (over = true));
  result.catch(() => undefined);
  while (!over) {
    await new Promise((resolve) => realSetTimeout(resolve, 1));
    if (vi.getTimerCount() > 0) {
      await vi.advanceTimersByTimeAsync(20);
    }
  }
  return { result: await result, ms: Date.now() - from };
}
