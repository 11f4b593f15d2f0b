/** This catalogue sells the products of products.ts. */
import type { ServerResponse } from "node:http";
import { type LocalSite, serveLocally } from "./local-site.ts";
import { productOf } from "./products.ts";

/** A request for one product, to be answered. */
export interface Asked {
  id: number;
  response: ServerResponse;
}

/**
 * `misbehave` sees each request first; what it returns true for it has answered, or left
 * unanswered, itself.
 */
export function startCatalogue(
  latencyMs: number,
  misbehave: (asked: Asked) => boolean = () => false,
): Promise<LocalSite> {
  return serveLocally(({ url = "" }, response) => {
    const asked = { id: Number(/^\/products\/(\d+)$/.exec(url)?.[1]), response };
    const respond = () => {
      if (!misbehave(asked)) {
        answer(asked);
      }
    };
    // Even the shortest timer would take a millisecond.
    if (latencyMs === 0) {
      respond();
    } else {
      setTimeout(respond, latencyMs);
    }
  });
}

/** Answers as a healthy catalogue does. */
export function answer({ id, response }: Asked): void {
  const body = productOf(id) ?? "";
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  response.writeHead(200, headers).end(body);
}
