import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type Server } from "./server";

/** Prices of a catalogue of the test's own, in cents; a product's id is its place, from 1. */
const CENTS = [10_995, 2_230, 5_599, 1_599, 69_500, 16_800, 999, 1_099, 6_400, 10_900];
const LATENCY_MS = 15;

interface Order {
  id: number;
  cliente: string;
  productos: { sku: string; cantidad: number }[];
}

/** What an order must come to, in cents, reckoned without any of the product's code. */
function expectedTotal(order: Order): bigint | null {
  if (order.productos.length === 0) {
    return null;
  }
  let subtotal = 0n;
  for (const { sku, cantidad } of order.productos) {
    const cents = CENTS[Number(sku.slice(1)) - 1];
    if (cents === undefined) {
      return null;
    }
    subtotal += BigInt(cents) * BigInt(cantidad);
  }
  const discount = subtotal > 50_000n ? (subtotal + 5n) / 10n : 0n;
  return subtotal - discount;
}

function makeOrders(count: number, firstId: number): Order[] {
  return Array.from({ length: count }, (_, i) => ({
    id: firstId + i,
    cliente: `Cliente ${i % 7}`,
    productos: Array.from({ length: i % 10 === 9 ? 0 : 1 + (i % 3) }, (_, line) => ({
      sku:
        i % 13 === 5 ? "P999" : `P${String(1 + ((i * 3 + line) % CENTS.length)).padStart(3, "0")}`,
      cantidad: 1 + ((i + line) % 5),
    })),
  }));
}

let catalogue: HttpServer;
let catalogueUrl: string;

beforeAll(async () => {
  catalogue = createServer((request, response) => {
    const id = Number(/^\/products\/(\d+)$/.exec(request.url ?? "")?.[1]);
    const cents = CENTS[id - 1];
    const body =
      cents === undefined ? "" : JSON.stringify({ id, title: `Product ${id}`, price: cents / 100 });
    setTimeout(
      () => response.writeHead(200, { "content-type": "application/json" }).end(body),
      LATENCY_MS,
    );
  });
  await new Promise<void>((resolve) => catalogue.listen(0, "127.0.0.1", resolve));
  catalogueUrl = `http://127.0.0.1:${(catalogue.address() as AddressInfo).port}`;
});

afterAll(() => {
  catalogue.close();
  catalogue.closeAllConnections();
});

const vars = () => ({
  CATALOGUE_URL: catalogueUrl,
  CATALOGUE_TTL_SECONDS: "0",
  LEASE_SECONDS: "3",
  RECOVERY_SECONDS: "1",
});

class Api {
  #headers: Record<string, string> = {};

  constructor(readonly server: Server) {}

  async signIn(): Promise<void> {
    const { url, admin } = this.server;
    const signedIn = await fetch(`${url}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(admin),
    });
    expect(signedIn.status).toBe(200);
    const cookie = signedIn.headers
      .getSetCookie()
      .map((line) => line.split(";", 1)[0])
      .join("; ");
    const made = await fetch(`${url}/api/keys/`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie },
      body: JSON.stringify({ name: "e2e", scopes: ["orders:write", "orders:read", "tasks:read"] }),
    });
    expect(made.status).toBe(201);
    this.use(((await made.json()) as { key: string }).key);
  }

  use(key: string): void {
    this.#headers = { authorization: `Bearer ${key}` };
  }

  get key(): string {
    return this.#headers["authorization"]?.slice("Bearer ".length) ?? "";
  }

  async get<T>(pathOrUrl: string): Promise<T> {
    const url = new URL(pathOrUrl, this.server.url);
    const response = await fetch(new URL(url.pathname + url.search, this.server.url), {
      headers: this.#headers,
    });
    expect(response.status).toBe(200);
    return (await response.json()) as T;
  }

  async post(orders: Order[]): Promise<string> {
    const response = await fetch(`${this.server.url}/api/pedidos`, {
      method: "POST",
      headers: { ...this.#headers, "content-type": "application/json" },
      body: JSON.stringify(orders),
    });
    expect(response.status).toBe(202);
    return ((await response.json()) as { lote: string }).lote;
  }

  async tasks(lote: string): Promise<Task[]> {
    const tasks: Task[] = [];
    let next: string | null = `/api/tasks/executions/?limit=200&lote=${lote}`;
    while (next !== null) {
      const page: { next: string | null; results: Task[] } = await this.get(next);
      tasks.push(...page.results);
      next = page.next;
    }
    return tasks;
  }

  async finalTasks(lote: string, seconds: number): Promise<Task[]> {
    for (let second = 0; ; second++) {
      const tasks = await this.tasks(lote);
      const open = tasks.filter((task) => !task.is_finished);
      if (open.length === 0) {
        return tasks;
      }
      if (second >= seconds) {
        throw new Error(`${open.length} tasks still open: ${JSON.stringify(open[0])}`);
      }
      await sleep(1000);
    }
  }
}

interface Task {
  id: string;
  status: string;
  is_finished: boolean;
  pedido_id: string;
  error_code: string | null;
  attempts: number;
}

interface Pedido {
  id_pedido_original: number;
  task_id: string;
  total_final: string;
}

async function expectRight(api: Api, orders: Order[], tasks: Task[]): Promise<void> {
  expect(tasks).toHaveLength(orders.length);
  const byOrder = new Map(tasks.map((task) => [task.pedido_id, task]));
  const stored = new Map<number, Pedido>();
  let next: string | null = "/api/pedidos?limit=200";
  while (next !== null) {
    const page: { next: string | null; results: Pedido[] } = await api.get(next);
    page.results.forEach((pedido) => stored.set(pedido.id_pedido_original, pedido));
    next = page.next;
  }
  for (const order of orders) {
    const task = byOrder.get(String(order.id));
    const total = expectedTotal(order);
    const pedido = stored.get(order.id);
    if (total === null) {
      expect(task).toMatchObject({ status: "FAILURE" });
      expect(pedido).toBeUndefined();
    } else {
      expect(task).toMatchObject({ status: "SUCCESS" });
      expect(pedido).toMatchObject({ task_id: task?.id });
      expect(BigInt(pedido?.total_final.replace(".", "") ?? -1)).toBe(total);
    }
  }
}

describe("orders, end to end", () => {
  it("ten by the demo button: each ends, and the log tells of each", async () => {
    const server = await startServer();
    const api = new Api(server);
    await api.signIn();
    const started = await fetch(`${server.url}/pedidos/iniciar`);
    const demo = (await started.json()) as { lote: string; ids_encolados: number[] };
    expect(demo.ids_encolados).toHaveLength(10);
    const tasks = await api.finalTasks(demo.lote, 30);
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
    const api = new Api(first);
    await api.signIn();
    const orders = makeOrders(1000, Date.now());
    const lote = await api.post(orders);
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
    const again = new Api(second);
    again.use(api.key);
    const open = (await again.tasks(lote)).filter((task) => !task.is_finished);
    expect(open.length).toBeGreaterThan(0); // else the kill came too late to prove anything
    const tasks = await again.finalTasks(lote, 120);
    await expectRight(again, orders, tasks);
    await second.stop();
  });
});
