import { afterAll, beforeAll } from "vitest";
import { type LocalSite, serveLocally } from "../../scripts/harness/local-site.ts";

/** Gives the tests a catalogue of their own, with the ids 1 to 20, of which 13 always fails. */
export function useCatalogue() {
  const catalogue = { url: "", latencyMs: 0 };
  let site: LocalSite;
  beforeAll(async () => {
    site = await serveLocally((request, response) => {
      const id = Number(/^\/products\/(\d+)$/.exec(request.url ?? "")?.[1]);
      const product = { id, title: `Product ${id} <b>bold</b>`, price: id * 10.5 };
      const body = id >= 1 && id <= 20 ? JSON.stringify(product) : "";
      setTimeout(() => {
        response.writeHead(id === 13 ? 500 : 200, { "content-type": "application/json" }).end(body);
      }, catalogue.latencyMs);
    });
    catalogue.url = site.url;
  });
  afterAll(() => site.close());
  return catalogue;
}
