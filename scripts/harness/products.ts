/**
 * The catalogue writes prices so. Some are finer than a cent, and some above the discount's
 * threshold.
 */
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
  "287.47",
  "114",
  "599",
  "999.99",
  "56.99",
  "29.95",
  "39.99",
  "9.85",
  "7.95",
  "12.99",
];

/** Writes a product as JSON, its price to the digit. Its id is its place, from 1. */
export function productOf(id: number): string | undefined {
  const price = PRICES[id - 1];
  if (price === undefined) {
    return undefined;
  }
  const description = `Una ficha de tienda de longitud corriente, para el producto número ${id}.`;
  const category = ["hogar", "jardín", "taller"][id % 3];
  const rest = JSON.stringify({ title: `Producto ${id}`, description, category });
  return `{"id":${id},"price":${price},${rest.slice(1)}`;
}
