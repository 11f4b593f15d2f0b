/** Returns the value below which a share of the values lies (nearest rank), or null of none. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.max(0, rank - 1)] ?? null;
}

/** Returns percentiles to a tenth of a millisecond. */
export function latencies(ms: readonly number[]): Record<"p50" | "p95" | "p99", number | null> {
  const at = (share: number) => rounded(percentile(ms, share), 1);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Returns null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** Rounds to so many decimals, for people to read; null stays null. */
export function rounded(value: number, decimals: number): number;
export function rounded(value: number | null, decimals: number): number | null;
export function rounded(value: number | null, decimals: number): number | null {
  return value === null ? null : Number(value.toFixed(decimals));
}

/** Returns an object of the same names with each value changed. */
export function mapValues<Name extends string, From, To>(
  object: Readonly<Record<Name, From>>,
  change: (value: From, name: Name) => To,
): Record<Name, To> {
  const entries = Object.entries(object) as [Name, From][];
  return Object.fromEntries(entries.map(([name, value]) => [name, change(value, name)])) as Record<
    Name,
    To
  >;
}
