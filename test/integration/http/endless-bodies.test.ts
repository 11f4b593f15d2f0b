import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { MAX_LONG_BODY_BYTES } from "../../../src/http/body-limit";
import { MAX_ORDERS_BYTES } from "../../../src/orders/intake/body";
import { apiKey, call, type CallInit, expectProblem } from "../../support/api";
import { person } from "../../support/people";
import { fill, nameOf, routeTable } from "../../support/route-table";

const CHUNK = new Uint8Array(65_536).fill(0x20);
/** A chunk or two may be read ahead of what was asked for. */
const IN_FLIGHT = 3 * CHUNK.byteLength;
/** The sender gives up here, lest a route that reads on takes all memory before it fails. */
const ENOUGH = 32 * 1024 * 1024;

/** Makes white space without end, and tells how much of it was asked for. */
function endless() {
  const seen = { bytes: 0 };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      seen.bytes += CHUNK.byteLength;
      controller.enqueue(CHUNK);
      if (seen.bytes > ENOUGH) {
        controller.close();
      }
    },
  });
  return { seen, stream };
}

const TYPES = [
  "application/json",
  "application/x-ndjson",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=edge",
];

/** These routes take more, from callers who may use them. */
const LIMITS: Record<string, number> = {
  "/api/pedidos": MAX_ORDERS_BYTES,
  "/api/tasks/executions": MAX_LONG_BODY_BYTES,
  "/api/tasks/executions/:id": MAX_LONG_BODY_BYTES,
  "/api/tasks/templates": MAX_LONG_BODY_BYTES,
  "/api/task-manager/tasks/register_task": MAX_LONG_BODY_BYTES,
  "/api/task-manager/tasks/:id/update_progress": MAX_LONG_BODY_BYTES,
};

let callers: CallInit[] = [];
beforeAll(async () => {
  callers = [{ cookie: (await person("admin")).cookie }, { key: await apiKey() }, {}];
});

const unsafe = routeTable.filter(({ method }) => method !== "GET");

it.each(unsafe.map((route) => [nameOf(route), route] as const))(
  "%s reads no more of a body than its limit",
  async (_name, { method, path }) => {
    for (const caller of callers) {
      for (const type of TYPES) {
        const { seen, stream } = endless();
        const response = await call(
          fill(path, () => "1"),
          {
            method,
            ...caller,
            env: {}, // The route runs in this isolate, as a pipe between isolates would read ahead.
            headers: { "content-type": type },
            body: stream,
          },
        );
        const text = await response.text();
        expect(response.status, text).toBeGreaterThanOrEqual(300);
        expect(response.status, text).toBeLessThan(500);
        const limit = LIMITS[path] ?? 262_144;
        expect(seen.bytes).toBeLessThanOrEqual(limit + IN_FLIGHT);
      }
    }
  },
);

it.each(unsafe.map((route) => [nameOf(route), route] as const))(
  "%s refuses a body that only claims to be large, unread",
  async (_name, { method, path }) => {
    const headers = { "content-type": "application/json", "content-length": "1000000000" };
    const response = await call(
      fill(path, () => "1"),
      { method, ...callers[0], headers, body: "{}", env: {} },
    );
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: expect.stringMatching(/too_large/) });
  },
);

describe("a body whose sender hangs up", () => {
  /** Sends half an object, and then what the platform says of a sender that hung up. */
  const cut = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"id":1,"name":')),
      pull: (controller) => controller.error(new Error("Network connection lost.")),
    });

  const LENGTHS: Record<string, string>[] = [{}, { "content-length": "5000" }];

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(unsafe.map((route) => [nameOf(route), route] as const))(
    "is no failure of ours, nor of the database: %s",
    async (_name, { method, path }) => {
      const logged = vi.spyOn(console, "error");
      for (const caller of callers) {
        for (const type of TYPES) {
          for (const length of LENGTHS) {
            const response = await call(
              fill(path, () => "1"),
              {
                method,
                ...caller,
                env: {},
                headers: { "content-type": type, ...length },
                body: cut(),
              },
            );
            const text = await response.text();
            expect(response.status, text).toBeLessThan(500);
            expect(text).not.toContain("database");
          }
        }
      }
      expect(logged.mock.calls.filter(([line]) => String(line).includes('"error"'))).toEqual([]);
    },
  );

  it("is refused where it is read to its end", async () => {
    const [, key, anonymous] = callers;
    const headers = { "content-type": "application/json" };
    const orders = await call("/api/pedidos", {
      method: "POST",
      ...key,
      env: {},
      headers,
      body: cut(),
    });
    await expectProblem(orders, 400, "incomplete_body");
    const path = "/api/auth/sign-in/email";
    for (const length of LENGTHS) {
      const signIn = await call(path, {
        method: "POST",
        ...anonymous,
        env: {},
        headers: { ...headers, ...length },
        body: cut(),
      });
      await expectProblem(signIn, 400, "incomplete_body");
    }
  });
});
