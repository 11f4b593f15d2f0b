export interface BenchOrder {
  id: number;
  cliente: string;
  productos: { sku: string; cantidad: number }[];
}
export interface Sums {
  subtotal: string;
  descuento: string;
  total_final: string;
}
type Numbers = Record<string, number>;

export function compare(
  task: { status: string; error_code?: string | null } | undefined,
  wanted: Sums | null,
  found: Partial<Sums> | undefined,
  mayGiveUp: boolean,
): string | undefined;
export function expectedSums(order: BenchOrder, prices: Map<string, bigint>): Sums | null;
export function priceList(products: { id: number; price: number }[]): Map<string, bigint>;
export function makeOrders(mix: {
  count: number;
  seed: number;
  invalid: number;
  firstId?: number;
}): BenchOrder[];
export function readOptions(argv: string[]): Record<string, unknown>;
export function ratios(
  ours: Numbers[],
  theirs: Numbers[],
): Record<"speed" | "cpu", { median: number; rounds: number[] }>;
export function unitsPerOrder(counts: Numbers, orders: number, cpuMs: number): Numbers;
export function costPerMillion(units: Numbers): Numbers & { total: number };
export function unitsOf(uses: [units: Numbers, times: number][]): Numbers;
export function billOf(
  units: Numbers,
  stored?: { d1Gb?: number; objectGb?: number },
): Numbers & { total: number };
export interface Report {
  counted: Counted;
  counted_one_by_one: Counted;
  counted_dashboard: { each: Numbers };
  counted_cron: { each: Numbers };
}
export function monthOf(
  report: Report,
  options: { ordersPerDay?: number; oneByOne?: boolean; dashboards?: number },
): { bill: Numbers & { total: number }; daysToFillD1: number };
export function dashboardCost(report: Report): Record<"idle" | "busiest" | "further", number>;
export function line(shown: { label: string; done: number; total: number }): string;
export function percentile(values: number[], share: number): number | null;
export function median(values: number[]): number | null;
export function latencies(ms: number[]): Record<"p50" | "p95" | "p99", number | null>;

export interface Counted {
  orders: number;
  queue_writes: number;
  d1_calls: number;
  d1_sql_ms: number;
  object_calls: number;
  d1_bytes_per_order: number;
  object_bytes_per_order: number;
  per_order: Numbers;
}
export const SHARDS: number;
export function capacities(counted: Counted): Record<"queue" | "d1_writer" | "registry", number>;
export function atRate(
  counted: Counted,
  ratePerS: number,
): {
  usdPerMonth: number;
  busiest: string;
  exceeded: boolean;
  hoursToFillOneD1: number;
  pairs: number;
  shards: number;
  d1sForHistory: number;
  daysHeld: number;
};
