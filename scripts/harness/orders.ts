/** Orders are made of a seed: the same one makes the same orders. */
import { seededRandom } from "../../test/support/random.ts";
import { PRICES } from "./products.ts";

export interface Order {
  id: number;
  cliente: string;
  productos: { sku: string; cantidad: number }[];
}

export interface Mix {
  count: number;
  seed: number;
  /** This share of the orders must fail. */
  invalid: number;
  firstId?: number;
}

export const CUSTOMERS = [
  "Andes SA",
  "Bahía Ltda",
  "Cobre SpA",
  "Delta EIRL",
  "Estuario y Cía",
] as const;
/** No product has these codes. */
const UNKNOWN_SKUS = ["P900", "P999", "SIN_CODIGO"] as const;
const INVALID = 0.2;

export function makeOrders({ count, seed, invalid, firstId = 1 }: Mix): Order[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => makeOrder(firstId + index, random, invalid));
}

/**
 * Makes an order of one to three lines. Half of the invalid ones have no line, and half end with a
 * line of a product that nobody has.
 */
export function makeOrder(id: number, random: () => number, invalid = INVALID): Order {
  const below = (most: number) => Math.floor(random() * most);
  const oneOf = <Value>(values: readonly [Value, ...Value[]]) =>
    values[below(values.length)] ?? values[0];
  const kind = random() >= invalid ? "valid" : random() < 0.5 ? "empty" : "unknown";
  const productos = Array.from({ length: kind === "empty" ? 0 : 1 + below(3) }, () => ({
    sku: `P${String(1 + below(PRICES.length)).padStart(3, "0")}`,
    cantidad: 1 + below(5),
  }));
  const last = productos.at(-1);
  if (last && kind === "unknown") {
    last.sku = oneOf(UNKNOWN_SKUS);
  }
  return { id, cliente: oneOf(CUSTOMERS), productos };
}
