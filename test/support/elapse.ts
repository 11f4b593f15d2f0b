import { vi } from "vitest";

const realSetTimeout = setTimeout;

/**
 * Lets the faked clock and timers run on, step by step, while `work` waits for them and nothing is
 * busy during which time must stand still. Returns the result of `work`, and how long it took by
 * that clock.
 */
export async function elapse<T>(
  work: Promise<T>,
  { stepMs = 20, isBusy = (): boolean => false } = {},
): Promise<{ result: T; ms: number }> {
  const from = Date.now();
  const state = { over: false };
  const result = work.finally(() => (state.over = true));
  result.catch(() => undefined);
  while (!state.over) {
    await new Promise((resolve) => realSetTimeout(resolve, 0));
    if (vi.getTimerCount() > 0 && !isBusy()) {
      vi.advanceTimersByTime(stepMs);
    }
  }
  return { result: await result, ms: Date.now() - from };
}
