/**
 * What an order must come to, reckoned without any of the product's code and in integers only:
 * 10 % of 1437.35 is 143.735, half up 143.74, where floating point makes 143.73 of it.
 */
const THRESHOLD_CENTS = 50_000n;
const RATE_PERCENT = 10n;

/** Prices in cents by product id, from what the catalogue's GET /products answers. */
export function priceList(products) {
  return new Map(products.map(({ id, price }) => [String(id), centsOf(price)]));
}

/** null when the order must fail; else its sums as decimal text with two places. */
export function expectedSums(order, prices) {
  if (order.productos.length === 0) {
    return null;
  }
  let subtotal = 0n;
  for (const { sku, cantidad } of order.productos) {
    const digits = sku.replaceAll(/\D/gu, "");
    const price = digits === "" ? undefined : prices.get(String(Number(digits)));
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

/** Cents of a price with at most two decimals, from the digits it prints with. */
function centsOf(price) {
  const [whole, fraction = ""] = String(price).split(".");
  if (fraction.length > 2) {
    throw new Error(`The catalogue's price ${price} has more than two decimals`);
  }
  return BigInt(whole) * 100n + BigInt(fraction.padEnd(2, "0"));
}

function halfUp(numerator, denominator) {
  return (2n * numerator + denominator) / (2n * denominator);
}

function decimal(cents) {
  return `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}
