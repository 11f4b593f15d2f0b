/** The client knows the routes it calls: what is not typed here does not compile. */
import { exports } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, vi } from "vitest";
import { createClient } from "../../../src/client";
import type { Status } from "../../../src/tasks/model/states";
import { masterKey, ORIGIN } from "../../support/api";
import { anOrder } from "../../support/orders";

type Client = ReturnType<typeof createClient>;
let client: Client;

beforeAll(async () => {
  client = createClient(ORIGIN, await masterKey());
  vi.stubGlobal("fetch", (input: RequestInfo, init?: RequestInit) =>
    exports.default.fetch(new Request(input, init)),
  );
});

afterAll(() => {
  vi.unstubAllGlobals();
});

describe("the typed client", () => {
  it("sends an order, follows its task to the end, and reads what was stored", async () => {
    const { id: orderId } = anOrder();
    const order = {
      id: Number(orderId),
      cliente: "ACME Corp",
      productos: [{ sku: "P001", cantidad: 2 }],
    };
    const sent = await client.orders.index.$post({ json: order });
    expect(sent.status).toBe(202);
    const { tareas } = await sent.json();
    const id = tareas[0]?.task_id ?? "";
    const status = async () => {
      const answer = await client.tasks.executions[":id"].$get({ param: { id } });
      if (!answer.ok) {
        throw new Error(`answered ${answer.status}`);
      }
      const task = await answer.json();
      expectTypeOf(task.status).toEqualTypeOf<Status>();
      return task.status;
    };
    await expect.poll(status, { timeout: 10_000 }).toBe("SUCCESS");
    const stored = await client.orders[":id"].$get({ param: { id: String(order.id) } });
    expect(await stored.json()).toMatchObject({ id_pedido_original: order.id, task_id: id });
  });

  it("lists by filter, and is told of wrong parameters", async () => {
    const query = { status: "SUCCESS", limit: "1" } as const;
    const page = await client.tasks.executions.$get({ query });
    expect(await page.json()).toMatchObject({ count: expect.any(Number) as number });
    // @ts-expect-error no task is ever in this state
    const wrong = await client.tasks.executions.$get({ query: { status: "LOST" } });
    expect(wrong.status).toBe(400);
  });

  it("knows the other routes, and no others", () => {
    expectTypeOf(client.tasks.run.$post).parameter(0).toHaveProperty("json");
    expectTypeOf(client.tasks.templates[":name"].$get).parameter(0).toHaveProperty("param");
    expectTypeOf(client.tasks.bulk.$post).parameter(0).toHaveProperty("json");
    expectTypeOf(client.exports.tasks.$post).parameter(0).toHaveProperty("json");
    expectTypeOf(client.exports[":task_id"].link.$post).parameter(0).toHaveProperty("param");
    expectTypeOf(client.keys[":id"].$delete).parameter(0).toHaveProperty("param");
    expectTypeOf(client.tasks).not.toHaveProperty("nothing");
  });
});
