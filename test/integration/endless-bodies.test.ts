import { beforeAll, expect, it } from "vitest";
import { MAX_BODY_BYTES } from "../../src/orders/body";
import { apiKey, call, type CallInit } from "../support/api";
import { person } from "../support/people";
import { fill, nameOf, routeTable } from "../support/route-table";

const CHUNK = new Uint8Array(65_536).fill(0x20);
/** A chunk or two may be read ahead of what was asked for. */
const IN_FLIGHT = 3 * CHUNK.byteLength;
/** Where the sender gives up, lest a route that reads on takes all memory before it fails. */
const ENOUGH = 32 * 1024 * 1024;

/** White space without end; tells how much of it was asked for. */
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
            env: {}, // in this isolate: no pipe between, which would read ahead
            headers: { "content-type": type },
            body: stream,
          },
        );
        const text = await response.text();
        expect(response.status, text).toBeGreaterThanOrEqual(300);
        expect(response.status, text).toBeLessThan(500);
        const limit = path === "/api/pedidos" ? MAX_BODY_BYTES : 262_144;
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
