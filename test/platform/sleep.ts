/** By the global timer, which a test may fake; not at all when there is nothing to wait for. */
export async function sleep(ms: number): Promise<void> {
  if (ms > 0) {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}
