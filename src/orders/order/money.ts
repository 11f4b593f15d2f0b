/** Money is integer minor units with two decimals, and is rounded only here. */

/** A higher price is taken for an error. Even 200 lines of 10,000 such units sum exactly. */
export const MAX_UNIT_PRICE = 100_000_000;

const DECIMAL = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/**
 * Returns the minor units of a catalogue price, rounded half up on its decimal digits (1.005 is
 * 1.01). Null is no price: not a finite number, negative, or above MAX_UNIT_PRICE.
 */
export function priceToMinorUnits(price: unknown): number | null {
  if (typeof price !== "number" || !Number.isFinite(price) || price < 0 || price > 1e9) {
    return null;
  }
  const [, whole = "0", fraction = "", exponent] = DECIMAL.exec(String(price)) ?? [];
  if (exponent !== undefined) {
    return 0; // Only numbers below 0.000001 print with an exponent here.
  }
  const digits = fraction.padEnd(3, "0");
  const minor = Number(whole) * 100 + Number(digits.slice(0, 2)) + (Number(digits[2]) >= 5 ? 1 : 0);
  return minor <= MAX_UNIT_PRICE ? minor : null;
}

/** Returns `amount` x rate in minor units, rounded half up. The amount must not be negative. */
export function applyRate(
  amount: number,
  rate: { numerator: number; denominator: number },
): number {
  const denominator = BigInt(rate.denominator);
  return Number((BigInt(amount) * BigInt(rate.numerator) * 2n + denominator) / (2n * denominator));
}

/** Writes minor units as decimal text: "1234.50" for 123450. */
export function toDecimal(minor: number): string {
  const sign = minor < 0 ? "-" : "";
  const digits = String(Math.abs(minor)).padStart(3, "0");
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
