const MAX_ENTRIES = 1000;

/**
 * Keeps only the thousand newest entries. A Map keeps insertion order, so its first entry is the
 * oldest.
 */
export function remember<Value>(memory: Map<string, Value>, key: string, value: Value): void {
  memory.delete(key);
  memory.set(key, value);
  const oldest = memory.keys().next();
  if (memory.size > MAX_ENTRIES && !oldest.done) {
    memory.delete(oldest.value);
  }
}
