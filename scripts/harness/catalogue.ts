import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PRICES } from "./orders.ts";

/** A request for one product, to be answered. */
export interface Asked {
  id: number;
  response: ServerResponse;
}

export interface Catalogue {
  url: string;
  close(): void;
}

/**
 * A catalogue with the prices of orders.ts. `misbehave` sees each request first; what it returns
 * true for it has answered, or left unanswered, itself.
 */
export async function startCatalogue(
  latencyMs: number,
  misbehave: (asked: Asked) => boolean = () => false,
): Promise<Catalogue> {
  const server = createServer((request, response) => {
    const id = Number(/^\/products\/(\d+)$/.exec(request.url ?? "")?.[1]);
    setTimeout(() => {
      if (!misbehave({ id, response })) {
        answer({ id, response });
      }
    }, latencyMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** As it should be answered. */
export function answer({ id, response }: Asked): void {
  const price = PRICES[id - 1];
  const body = price === undefined ? "" : `{"id":${id},"title":"Product ${id}","price":${price}}`;
  response.writeHead(200, { "content-type": "application/json" }).end(body);
}
