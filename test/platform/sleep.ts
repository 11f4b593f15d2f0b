/** Waits by the global timer, which a test may fake; it does not wait at all for 0 ms. */
export async function sleep(ms: number): Promise<void> {
  if (ms > 0) {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}
