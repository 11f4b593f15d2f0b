import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Api, signIn } from "../../scripts/harness/api.ts";
import { type LocalSite, serveLocally } from "../../scripts/harness/local-site.ts";
import { type Server, startServer } from "./server";

const ORDERS = 20_000;
const PER_REQUEST = 10_000;
const LINES = 4;
/** The title is long, so that the file is of many parts though orders are quickly processed. */
const title = (id: string) => `Producto ${id} ${"漢".repeat(180)}`;
const vars = { LEASE_SECONDS: "3", RECOVERY_SECONDS: "1", LOG_LEVEL: "warn", CATALOGUE_URL: "" };

let catalogue: LocalSite;

beforeAll(async () => {
  catalogue = await serveLocally((request, response) => {
    const id = /^\/products\/(\d+)$/.exec(request.url ?? "")?.[1] ?? "";
    const product = { id: Number(id), title: title(id), price: Number(id) * 1.25 };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(product));
  });
  vars.CATALOGUE_URL = catalogue.url;
});

afterAll(() => catalogue.close());

interface Execution {
  status: string;
  progress_percentage: number;
  total_steps: number | null;
  is_finished: boolean;
  result_data: { filas: number; bytes: number; archivo: string } | null;
}

type Row = Record<string, string | number | object[]>;

/** Machine is what a machine does over the API with its key. */
class Machine extends Api {
  static async of({ url, admin }: Server): Promise<Machine> {
    const scopes = ["orders:write", "orders:read", "tasks:read", "tasks:write"];
    const { key } = await Api.withKey(url, await signIn(url, admin), scopes);
    return new Machine(url, key);
  }

  async call(path: string, status: number, body?: unknown): Promise<unknown> {
    const response = await this.ask(body === undefined ? "GET" : "POST", path, body);
    const text = await response.text();
    expect(response.status, `${path}: ${text.slice(0, 300)}`).toBe(status);
    return JSON.parse(text);
  }

  async export(formato: string): Promise<string> {
    const { task_id } = (await this.call("/api/exports/", 202, { formato })) as { task_id: string };
    return task_id;
  }

  async task(id: string): Promise<Execution> {
    return (await this.call(`/api/tasks/executions/${id}/`, 200)) as Execution;
  }

  /** Follows a task until it has ended or come this far; returns it, and the percentages seen. */
  async follow(id: string, percent = 101): Promise<{ task: Execution; seen: number[] }> {
    const seen: number[] = [];
    for (let look = 0; look < 6000; look++) {
      const task = await this.task(id);
      if (task.is_finished) {
        return { task, seen };
      }
      if (task.status === "PROGRESS") {
        seen.push(task.progress_percentage);
        if (task.progress_percentage >= percent) {
          return { task, seen };
        }
      }
      await sleep(20);
    }
    throw new Error(`task ${id} does not end`);
  }

  /**
   * Starts exports until one is seen half way, as a fast machine may end one before it can be seen.
   */
  async halfway(): Promise<string> {
    for (let tries = 0; tries < 5; tries++) {
      const id = await this.export("ndjson");
      const { task } = await this.follow(id, 20);
      if (task.status === "PROGRESS") {
        expect(task.total_steps).toBe(ORDERS);
        return id;
      }
    }
    throw new Error("every export ended before it could be seen half way");
  }

  async download(id: string): Promise<{ text: string; name: string }> {
    const link = (await this.call(`/api/exports/${id}/link/`, 200, {})) as { url: string };
    const response = await fetch(link.url);
    expect(response.status).toBe(200);
    const name = /filename="(.*)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
    const bytes = await response.arrayBuffer();
    return { text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), name: name ?? "" };
  }

  /** Returns every processed order as the API lists them, oldest first. */
  async orders(): Promise<Row[]> {
    return (await this.all<Row>("/api/pedidos?limit=200")).toReversed();
  }
}

async function storeOrders(machine: Machine): Promise<void> {
  for (let first = 1; first <= ORDERS; first += PER_REQUEST) {
    const orders = Array.from({ length: PER_REQUEST }, (_, i) => ({
      id: first + i,
      cliente: i % 9 === 0 ? `=Ñandú "${i}", S.A.` : `Cliente ${i % 50}`,
      productos: Array.from({ length: LINES }, (_, line) => ({
        sku: `P${String(1 + ((i + line) % 20)).padStart(3, "0")}`,
        cantidad: 1 + ((i * line) % 9),
      })),
    }));
    await machine.call("/api/pedidos", 202, orders);
  }
  const path = "/api/tasks/flower-info/";
  const success = async () => {
    const info = (await machine.call(path, 200)) as { totals: Record<string, number> };
    return info.totals["SUCCESS"];
  };
  await expect.poll(success, { timeout: 150_000, interval: 500 }).toBe(ORDERS);
}

/** Returns the cells of a line of CSV without line breaks in its cells. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}

it("20,000 orders: cancelled half way, killed half way and resumed, completed; every line right", async () => {
  const first = await startServer({ vars });
  const machine = await Machine.of(first);
  await storeOrders(machine);

  const cancelled = await machine.halfway();
  await machine.call(`/api/tasks/cancel/${cancelled}/`, 200, {});
  expect((await machine.task(cancelled)).status).toBe("REVOKED");
  await machine.call(`/api/exports/${cancelled}/link/`, 409, {});

  const killed = await machine.halfway();
  await first.kill();

  const second = await startServer({ vars, persistTo: first.persistTo });
  const again = new Machine(second.url, machine.key);
  expect((await again.task(killed)).is_finished).toBe(false);
  const resumed = await again.follow(killed);
  expect(resumed.task).toMatchObject({ status: "SUCCESS", result_data: { filas: ORDERS } });
  // The export went on from a part, not from the beginning.
  expect(Math.min(...resumed.seen)).toBeGreaterThan(8);

  const pedidos = await again.orders();
  expect(pedidos).toHaveLength(ORDERS);
  const ndjson = await again.download(killed);
  expect(ndjson.name).toBe(resumed.task.result_data?.archivo);
  expect(Buffer.byteLength(ndjson.text)).toBe(resumed.task.result_data?.bytes);
  const lines = ndjson.text.trimEnd().split("\n");
  expect(lines).toHaveLength(ORDERS);
  for (const [index, line] of lines.entries()) {
    if (line !== JSON.stringify(pedidos[index])) {
      expect.fail(`line ${index}: ${line.slice(0, 200)}`);
    }
  }

  const whole = await again.export("csv");
  const followed = await again.follow(whole);
  expect(followed.task.status).toBe("SUCCESS");
  const csv = (await again.download(whole)).text.split("\r\n");
  expect(csv.pop()).toBe("");
  // Where an order is kept is no column of it.
  const columnsOf = ({ archived: _archived, ...columns }: Row) => columns;
  expect(csv.shift()).toBe(`\u{FEFF}${Object.keys(columnsOf(pedidos[0] ?? {})).join(",")}`);
  expect(csv).toHaveLength(ORDERS);
  for (const [index, line] of csv.entries()) {
    const cells = Object.values(columnsOf(pedidos[index] ?? {})).map((value) =>
      typeof value === "object" ? JSON.stringify(value) : String(value).replace(/^=/, "'="),
    );
    if (JSON.stringify(cellsOf(line)) !== JSON.stringify(cells)) {
      expect.fail(`line ${index}: ${line.slice(0, 200)}`);
    }
  }

  const { results } = (await again.call("/api/tasks/notifications/", 200)) as {
    results: { task_name: string; count: number }[];
  };
  expect(results).toMatchObject([{ task_name: "exports.orders", count: 2 }]);
  await second.stop();
}, 600_000);
