/** The value below which a share of the values lies (nearest rank); null of none. */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.max(0, rank - 1)] ?? null;
}

/** p50, p95 and p99, to a tenth of a millisecond. */
export function latencies(ms) {
  const at = (share) => rounded(percentile(ms, share), 1);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]
    : sorted.length === 0
      ? null
      : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A number to so many decimals, for people to read; null stays null. */
export function rounded(value, decimals) {
  return value === null ? null : Number(value.toFixed(decimals));
}
