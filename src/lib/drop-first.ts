/** Forgets what was put in first, until no more than `kept` is left. */
export function dropFirst(all: Set<string> | Map<string, unknown>, kept: number): void {
  for (const first of all.keys()) {
    if (all.size <= kept) {
      return;
    }
    all.delete(first);
  }
}
