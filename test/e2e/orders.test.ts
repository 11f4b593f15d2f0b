import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api } from "../../scripts/harness/api.ts";
import { startCatalogue } from "../../scripts/harness/catalogue.ts";
import { expectedSums } from "../../scripts/harness/expected.ts";
import type { LocalSite } from "../../scripts/harness/local-site.ts";
import { makeOrder } from "../../scripts/harness/orders.ts";
import { judge } from "../../scripts/harness/verdict.ts";
import { seededRandom } from "../support/random";
import { startServer } from "./server";

const LATENCY_MS = 15;

let catalogue: LocalSite;

beforeAll(async () => {
  catalogue = await startCatalogue(LATENCY_MS);
});

afterAll(() => catalogue.close());

const vars = () => ({
  CATALOGUE_URL: catalogue.url,
  CATALOGUE_TTL_SECONDS: "0",
  LEASE_SECONDS: "3",
  RECOVERY_SECONDS: "1",
});

describe("orders, end to end", () => {
  it("ten by the demo button: each ends, and the log tells of each", async () => {
    const server = await startServer();
    const api = await Api.signIn(server.url, server.admin);
    const started = await fetch(`${server.url}/pedidos/iniciar`);
    const demo = (await started.json()) as { lote: string; ids_encolados: number[] };
    expect(demo.ids_encolados).toHaveLength(10);
    expect(await api.untilFinal(30)).toBe(0);
    const tasks = await api.tasks(demo.lote);
    expect(tasks).toHaveLength(10);
    for (const task of tasks) {
      expect(server.logs()).toContain(
        `"event":"task.settled","level":"info","taskId":"${task.id}"`,
      );
    }
    expect(await server.stop()).toBe(0);
  });

  it("1,000 by POST, the server killed in the middle: all end, none twice, every sum right", async () => {
    const first = await startServer({ vars: vars() });
    const api = await Api.signIn(first.url, first.admin);
    const random = seededRandom(1);
    const orders = Array.from({ length: 1000 }, (_, index) => makeOrder(1 + index, random));
    const { lote } = await api.post(orders);
    await expect
      .poll(
        () => api.get<{ results: unknown[] }>("/api/pedidos?limit=1").then((p) => p.results.length),
        {
          timeout: 30_000,
          interval: 5,
        },
      )
      .toBe(1);
    await first.kill();

    const second = await startServer({ vars: vars(), persistTo: first.persistTo });
    const again = new Api(second.url, api.key);
    const open = (await again.tasks(lote)).filter((task) => !task.is_finished);
    // With no open task, the kill came too late to prove anything.
    expect(open.length).toBeGreaterThan(0);
    expect(await again.untilFinal(120)).toBe(0);
    const tasks = await again.tasks(lote);
    const orderOf = new Map(orders.map((order) => [String(order.id), order]));
    const accepted = new Map(
      tasks.flatMap(({ id, pedido_id }) => {
        const order = orderOf.get(pedido_id ?? "");
        return order ? [[id, order] as const] : [];
      }),
    );
    expect(new Set(accepted.values()).size).toBe(orders.length);
    const good = orders.filter((order) => expectedSums(order) !== null).length;
    expect(judge({ accepted, tasks, pedidos: await again.pedidos() })).toMatchObject({
      wrongs: [],
      succeeded: good,
      failed: orders.length - good,
    });
    await second.stop();
  });
});
