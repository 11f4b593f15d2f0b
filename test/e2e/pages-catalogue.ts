import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll } from "vitest";

/** A catalogue of the tests' own: ids 1 to 20, of which 13 always fails. */
export function useCatalogue() {
  const catalogue = { url: "", latencyMs: 0 };
  const server = createServer((request, response) => {
    const id = Number(/^\/products\/(\d+)$/.exec(request.url ?? "")?.[1]);
    const product = { id, title: `Product ${id} <b>bold</b>`, price: id * 10.5 };
    const body = id >= 1 && id <= 20 ? JSON.stringify(product) : "";
    setTimeout(() => {
      response.writeHead(id === 13 ? 500 : 200, { "content-type": "application/json" }).end(body);
    }, catalogue.latencyMs);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    catalogue.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return catalogue;
}
