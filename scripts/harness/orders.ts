/**
 * Orders to send, and what each must come to, reckoned without any of the product's code: prices
 * are decimal text, sums are BigInt cents, halves are rounded up.
 */

/** Prices as a catalogue writes them; a product's id is its place, from 1. */
export const PRICES = [
  "109.95",
  "22.3",
  "55.99",
  "15.995",
  "695",
  "168",
  "9.99",
  "10.994",
  "64",
  "1.005",
];
/** No product has it. */
const UNKNOWN_SKU = "P999";
const DISCOUNT_ABOVE = 50_000n;

export interface Order {
  id: number;
  cliente: string;
  productos: { sku: string; cantidad: number }[];
}

/** In cents. */
export interface Sums {
  subtotal: bigint;
  discount: bigint;
  total: bigint;
}

/** What an order must come to, or null when it must fail. */
export function expectedSums(order: Order): Sums | null {
  if (order.productos.length === 0) {
    return null;
  }
  let subtotal = 0n;
  for (const { sku, cantidad } of order.productos) {
    const price = PRICES[Number(sku.slice(1)) - 1];
    if (price === undefined) {
      return null;
    }
    subtotal += centsOf(price) * BigInt(cantidad);
  }
  const discount = subtotal > DISCOUNT_ABOVE ? (subtotal + 5n) / 10n : 0n;
  return { subtotal, discount, total: subtotal - discount };
}

/** The code an order must fail with of itself. */
export function expectedError(order: Order): string {
  return order.productos.length === 0 ? "empty_order" : "unknown_sku";
}

/** Cents of decimal text, rounded half up. */
export function centsOf(decimal: string): bigint {
  const [whole = "", fraction = ""] = decimal.split(".");
  const thousandths = BigInt(whole + fraction.padEnd(3, "0").slice(0, 3));
  return (thousandths + 5n) / 10n;
}

/** One in ten has no lines, one in thirteen a product nobody knows. */
export function makeOrder(id: number, random: () => number): Order {
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  const sku = () => `P${String(upTo(PRICES.length)).padStart(3, "0")}`;
  const lines = upTo(10) === 1 ? 0 : upTo(3);
  const productos = Array.from({ length: lines }, () => ({ sku: sku(), cantidad: upTo(5) }));
  if (lines > 0 && upTo(13) === 1) {
    productos.push({ sku: UNKNOWN_SKU, cantidad: 1 });
  }
  return { id, cliente: `Cliente ${upTo(7)}`, productos };
}
