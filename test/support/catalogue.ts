import { vi } from "vitest";

export const CATALOGUE_URL = "http://catalogue.test";

export type Answer = (productId: string) => Response | Promise<Response>;

export function product(id: string, price: unknown = 10): Response {
  return Response.json({ id: Number(id), title: `Product ${id}`, price });
}

/** Answers the Worker's outbound calls in place of the remote catalogue. Returns the ids asked. */
export function stubCatalogue(answer: Answer = (id) => product(id)): string[] {
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    const id = url.slice(`${CATALOGUE_URL}/products/`.length);
    asked.push(id);
    return answer(id);
  });
  return asked;
}
