/** What the benchmark's catalogue sells. Prices as a real one: not round, some above the discount's threshold. */
const PRICES = [
  109.95, 22.3, 55.99, 15.99, 695, 168, 9.99, 10.99, 64, 109, 287.47, 114, 599, 999.99, 56.99,
  29.95, 39.99, 9.85, 7.95, 12.99,
];

export const PRODUCTS = PRICES.map((price, index) => ({
  id: index + 1,
  title: `Producto ${index + 1}`,
  price,
  description: `Una ficha de tienda de longitud corriente, para el producto número ${index + 1}.`,
  category: ["hogar", "jardín", "taller"][index % 3],
}));
