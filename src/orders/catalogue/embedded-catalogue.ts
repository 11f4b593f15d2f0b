import { WorkerEntrypoint } from "cloudflare:workers";

/** Twenty products let everything run without a network. Prices are decimals, as served. */
const PRICES = [
  109.95, 22.3, 55.99, 15.99, 695, 168, 9.99, 10.99, 64, 109, 109.5, 114, 599, 999.99, 56.99, 29.95,
  39.99, 9.85, 7.95, 12.99,
];
const TITLES = [
  "Mochila de viaje",
  "Camiseta ajustada",
  "Chaqueta de algodón",
  "Camisa informal",
  "Pulsera de plata",
  "Anillo de oro",
  "Anillo sencillo",
  "Pendientes de acero",
  "Disco externo de 2 TB",
  "Unidad SSD de 1 TB",
  "Unidad SSD de 256 GB",
  "Disco de juegos de 4 TB",
  "Monitor de 21 pulgadas",
  "Monitor curvo de 49 pulgadas",
  "Chaqueta de nieve",
  "Chaqueta de cuero",
  "Impermeable a rayas",
  "Blusa de cuello barco",
  "Camiseta deportiva",
  "Camiseta de algodón",
];

/**
 * The embedded catalogue is used when CATALOGUE_URL is "embedded". It is an entrypoint of its own,
 * called by fetch, so that the pipeline crosses the same boundary as with a remote one. An unknown id
 * gets a 200 with an empty body, as from the public demo store.
 */
export class EmbeddedCatalogue extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Response {
    const id = /^\/products\/(\d+)$/.exec(new URL(request.url).pathname)?.[1];
    if (id === undefined) {
      return new Response("Not found", { status: 404 });
    }
    const index = Number(id) - 1;
    const price = PRICES[index];
    return price === undefined
      ? new Response("")
      : Response.json({ id: index + 1, title: TITLES[index], price });
  }
}
