import { Hono } from "hono";
import { expect, it, vi } from "vitest";
import { named } from "../../src/db/trouble";
import { onError } from "../../src/http/errors";

/** Returns what a route answers that throws this error. */
async function answerTo(
  error: Error,
): Promise<[status: number, code: string, again: string | null]> {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const app = new Hono().onError(onError()).get("/", () => {
    throw error;
  });
  const response = await app.request("/");
  const { code } = await response.json<{ code: string }>();
  return [response.status, code, response.headers.get("retry-after")];
}

it("a D1 that fails is 503, however the error was wrapped, and an overloaded one later", async () => {
  const lost = named(new Error("D1_ERROR: Network connection lost."));
  const query = new Error("Failed query: select 1", { cause: lost });
  expect(await answerTo(query)).toEqual([503, "database_unavailable", "5"]);
  const overloaded = named(new Error("D1_ERROR: D1 DB is overloaded. Too many requests queued."));
  expect(await answerTo(overloaded as Error)).toEqual([503, "database_unavailable", "30"]);
});

it("an object of the platform that asks to be asked again is 503, and not the database", async () => {
  for (const flag of ["retryable", "overloaded"]) {
    const error = Object.assign(new Error("Network connection lost."), { [flag]: true });
    expect(await answerTo(error)).toEqual([503, "platform_unavailable", "5"]);
  }
});

it("the same words of anything else are not the database's", async () => {
  for (const text of ["Network connection lost.", "internal error", "it was reset"]) {
    expect(await answerTo(new Error(text))).toEqual([500, "internal_error", null]);
  }
});
