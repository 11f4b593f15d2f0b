import { vi } from "vitest";

export const CATALOGUE_URL = "http://catalogue.test";

export type Answer = (productId: string) => Response | Promise<Response>;

export function product(id: string, price: unknown = 10): Response {
  return Response.json({ id: Number(id), title: `Product ${id}`, price });
}

/** Returns the product that a call to any catalogue is about. */
export function productOf(input: RequestInfo | URL): string {
  const url = input instanceof Request ? input.url : String(input);
  return url.slice(url.lastIndexOf("/") + 1);
}

/**
 * Answers the Worker's outbound calls in place of the remote catalogue. Returns the ids asked for.
 */
export function stubCatalogue(answer: Answer = (id) => product(id)): string[] {
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const id = productOf(input);
    asked.push(id);
    return answer(id);
  });
  return asked;
}
