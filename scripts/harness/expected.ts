/**
 * What an order must come to is reckoned here without any of the product's code and in integers only:
 * 10 % of 1437.35 is 143.735, half up 143.74, where floating point makes 143.73 of it.
 */
import type { Order } from "./orders.ts";
import { PRICES } from "./products.ts";

/** Prices are cents by the product's id. */
export type Prices = ReadonlyMap<string, bigint>;

/** The API writes sums as decimal text with two places. */
export interface Sums {
  subtotal: string;
  descuento: string;
  total_final: string;
}

const THRESHOLD_CENTS = 50_000n;
const RATE_PERCENT = 10n;

/** These are the prices of products.ts. */
export const PRICE_LIST: Prices = new Map(
  PRICES.map((price, index) => [String(index + 1), centsOf(price)]),
);

/** Reads the prices of another catalogue's products; throws where one is finer than a cent. */
export function priceList(products: readonly { id: number; price: number }[]): Prices {
  const finer = products.find(({ price }) => /\.\d{3}/.test(String(price)));
  if (finer) {
    throw new Error(`The catalogue's price ${finer.price} has more than two decimals`);
  }
  return new Map(products.map(({ id, price }) => [String(id), centsOf(String(price))]));
}

/** Returns null when the order must fail. */
export function expectedSums(order: Order, prices: Prices = PRICE_LIST): Sums | null {
  if (order.productos.length === 0) {
    return null;
  }
  let subtotal = 0n;
  for (const { sku, cantidad } of order.productos) {
    const price = prices.get(productIdOf(sku));
    if (price === undefined) {
      return null;
    }
    subtotal += price * BigInt(cantidad);
  }
  const discount = subtotal > THRESHOLD_CENTS ? halfUp(subtotal * RATE_PERCENT, 100n) : 0n;
  return {
    subtotal: decimal(subtotal),
    descuento: decimal(discount),
    total_final: decimal(subtotal - discount),
  };
}

/** Returns the code that an invalid order must fail with. */
export function expectedError(order: Order): string {
  return order.productos.length === 0 ? "empty_order" : "unknown_sku";
}

/** Returns the digits of a code without leading zeros; empty where it has none. */
export function productIdOf(sku: string): string {
  const digits = sku.replaceAll(/\D/g, "");
  return digits === "" ? "" : String(BigInt(digits));
}

/** Rounds decimal text half up to cents. */
export function centsOf(text: string): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  return halfUp(BigInt(whole + fraction.padEnd(3, "0").slice(0, 3)), 10n);
}

function halfUp(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator);
}

function decimal(cents: bigint): string {
  return `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}
