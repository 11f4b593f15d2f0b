/** Removes the oldest entries until `kept` are left. */
export function dropFirst(all: Set<string> | Map<string, unknown>, kept: number): void {
  for (const first of all.keys()) {
    if (all.size <= kept) {
      return;
    }
    all.delete(first);
  }
}
