import { median, rounded } from "./stats.ts";

/** A run is compared by these figures, in the words of a report here or of a peer's. */
export interface Run {
  orders_per_s_end_to_end: number;
  cpu_s_per_1000_orders?: number | null;
  cpu_ms_per_order_stack?: number;
  other_cpu_s?: number | null;
  live_messages?: number;
  peak_memory_mb?: number | null;
  peak_rss_mb?: number;
}

/** Compares two runs of each round, ours to theirs. */
export function ratios(ours: readonly Run[], theirs: readonly Run[]) {
  const of = (figure: (run: Run) => number) => {
    const rounds = ours.map((own, round) => {
      const other = theirs[round];
      return other ? figure(own) / figure(other) : NaN;
    });
    return { median: rounded(median(rounds), 2), rounds: rounds.map((each) => rounded(each, 2)) };
  };
  return {
    speed: of((run) => run.orders_per_s_end_to_end),
    cpu: of((run) => cpuOf(run) ?? NaN),
  };
}

export function brief(run: Run) {
  return {
    orders_per_s: run.orders_per_s_end_to_end,
    cpu_ms_per_order: cpuOf(run),
    other_cpu_s: run.other_cpu_s,
    live_messages: run.live_messages,
    peak_memory_mb: run.peak_memory_mb ?? run.peak_rss_mb,
  };
}

/** Milliseconds per order are seconds per thousand. */
function cpuOf(run: Run): number | null | undefined {
  return run.cpu_s_per_1000_orders ?? run.cpu_ms_per_order_stack;
}
