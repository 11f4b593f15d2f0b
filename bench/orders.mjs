/**
 * A seeded mix of orders: the same seed makes the same orders. Of the invalid ones half have no
 * lines and half only unknown SKUs; a valid one has one to three lines.
 */
import { PRODUCTS } from "./products.mjs";

const CUSTOMERS = ["Andes SA", "Bahía Ltda", "Cobre SpA", "Delta EIRL", "Estuario y Cía"];
const UNKNOWN_SKUS = ["P900", "P999", "SIN_CODIGO"];

export function makeOrders({ count, seed, invalid, firstId = 1 }) {
  const random = randomFrom(seed);
  const below = (n) => Math.floor(random() * n);
  return Array.from({ length: count }, (_, index) => {
    const kind = random() >= invalid ? "valid" : random() < 0.5 ? "empty" : "unknown";
    const lines = Array.from({ length: kind === "empty" ? 0 : 1 + below(3) }, () => ({
      sku: kind === "valid" ? skuOf(PRODUCTS[below(PRODUCTS.length)].id) : UNKNOWN_SKUS[below(3)],
      cantidad: 1 + below(5),
    }));
    return { id: firstId + index, cliente: CUSTOMERS[below(CUSTOMERS.length)], productos: lines };
  });
}

function skuOf(productId) {
  return `P${String(productId).padStart(3, "0")}`;
}

/** Numbers in [0, 1) from a seed: a Weyl sequence, its bits mixed. */
export function randomFrom(seed) {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  };
}
