/**
 * Errands are what people and programs do beside sending orders; each notes at its start how it
 * must end.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "../harness/api.ts";
import { CUSTOMERS, makeOrder, type Order } from "../harness/orders.ts";
import type { Accepted, Pedido, Task } from "../harness/rows.ts";

/** Work that runs elsewhere is of this module, and stays open from one phase to the next. */
export const TRACKED_MODULE = "warehouse";

/** This customer's orders make a file of two parts, which R2 takes by 5 MiB. */
const WHOLESALER = "Mayorista";
const BULKY_ORDERS = 200;
const BULKY_LINES = 200;
const SKU_DIGITS = 60;
const PATIENCE_MS = 120_000;
const WAIT_MS = 300;
const [CUSTOMER] = CUSTOMERS;
const PAGES = [
  "/",
  "/api/openapi.json",
  "/api/tasks/flower-info/",
  "/api/tasks/workers/",
  "/api/tasks/stats/?module=pedidos",
  "/api/tasks/user-tasks/",
  "/api/tasks/notifications/",
  "/api/tasks/templates/",
  `/api/pedidos?cliente=${encodeURIComponent(CUSTOMER)}`,
  "/metrics",
];
const CONSOLE = [
  "",
  "tasks",
  "orders",
  "failures",
  "dead-letters",
  "queues",
  "run",
  "people",
  "audit",
];

export class Errands {
  /** These orders were started by hand, by their tasks. */
  readonly orders = new Map<string, Order>();
  /** Each task must end so. */
  readonly ends = new Map<string, "SUCCESS" | "REVOKED">();
  readonly wrongs: string[] = [];
  readonly #files: string[] = [];
  readonly #random: () => number;
  #nextId: number;
  #tracked: string | undefined;

  constructor(random: () => number, firstId: number) {
    this.#random = random;
    this.#nextId = firstId;
  }

  /** Runs every errand once, and ends the tracked work of the round before. */
  async run(api: Api, cookie: string): Promise<void> {
    await Promise.all([
      this.#start(api, "/api/exports/", { formato: "ndjson", cliente: CUSTOMER }),
      this.#start(api, "/api/exports/tasks/", { formato: "csv", filter: { status: "FAILURE" } }),
      this.#start(api, "/api/tasks/bulk/", { action: "retry", filter: { task_module: "pedidos" } }),
      this.#startOrder(api),
      this.#cancelOrder(api),
      this.#track(api),
      ...PAGES.map((page) => api.ask("GET", page).then((answer) => answer.arrayBuffer())),
      ...CONSOLE.map((page) => this.#look(`${api.url}/admin/${page}`, cookie)),
    ]);
  }

  /** Says in words which errands did not end as they must. */
  judge(tasks: ReadonlyMap<string, Task>): string[] {
    const wrong = [...this.ends].filter(([id, end]) => tasks.get(id)?.status !== end);
    const words = wrong.map(([id, end]) => `not ${end}: ${JSON.stringify(tasks.get(id) ?? id)}`);
    return [...this.wrongs, ...words];
  }

  /** Begins an export that takes its time. */
  async beginExport(api: Api): Promise<void> {
    if (this.#files.length === 0) {
      await this.#sendBulky(api);
    }
    const body = { formato: "ndjson", cliente: WHOLESALER };
    this.#files.push(await this.#start(api, "/api/exports/", body));
  }

  /** Expects every export to hold each of its orders once, whoever wrote which part. */
  async expectFiles(api: Api): Promise<void> {
    for (const task of this.#files) {
      const { url } = await this.#done<{ url: string }>(api, "POST", `/api/exports/${task}/link`);
      const text = await (await fetch(url)).text();
      const rows = text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Pedido);
      const ids = new Set(rows.map(({ id_pedido_original: id }) => id));
      if (rows.length !== BULKY_ORDERS || ids.size !== BULKY_ORDERS) {
        this.wrongs.push(`an export holds ${rows.length} rows of ${ids.size} orders`);
      }
    }
  }

  async #sendBulky(api: Api): Promise<void> {
    const orders = Array.from({ length: BULKY_ORDERS }, () => ({
      id: this.#nextId++,
      cliente: WHOLESALER,
      productos: Array.from({ length: BULKY_LINES }, (_, i) => ({
        sku: `P${String(1 + (i % 9)).padStart(SKU_DIGITS, "0")}`,
        cantidad: 1,
      })),
    }));
    const { lote, tareas } = await this.#done<Accepted>(api, "POST", "/api/pedidos", orders);
    tareas.forEach(({ task_id }, index) => this.orders.set(task_id, orders[index] as Order));
    const until = Date.now() + PATIENCE_MS;
    while ((await api.tasks(lote)).some((task) => !task.is_finished)) {
      if (Date.now() > until) {
        throw new Error("The orders that an export is to hold did not end");
      }
      await sleep(WAIT_MS);
    }
  }

  async #start(api: Api, path: string, body: unknown): Promise<string> {
    const { task_id } = await this.#done<{ task_id: string }>(api, "POST", path, body);
    this.ends.set(task_id, "SUCCESS");
    return task_id;
  }

  async #startOrder(api: Api): Promise<void> {
    const order = makeOrder(this.#nextId++, this.#random);
    this.orders.set(await this.#runOrder(api, order, 1 + this.#random() * 4), order);
  }

  async #cancelOrder(api: Api): Promise<void> {
    const id = await this.#runOrder(api, makeOrder(this.#nextId++, this.#random), 60);
    await this.#done(api, "POST", `/api/tasks/cancel/${id}/`);
    this.ends.set(id, "REVOKED");
  }

  async #runOrder(api: Api, input: Order, delay_seconds: number): Promise<string> {
    const body = { task_name: "pedidos.procesar", input, delay_seconds };
    return (await this.#done<{ task_id: string }>(api, "POST", "/api/tasks/run/", body)).task_id;
  }

  async #track(api: Api): Promise<void> {
    if (this.#tracked !== undefined) {
      const report = { status: "SUCCESS", result_data: { rows: 1 } };
      const path = `/api/tasks/executions/${this.#tracked}/`;
      const { id } = await this.#done<Task>(api, "PATCH", path, report);
      this.ends.set(id, "SUCCESS");
    }
    this.#tracked = `nightly-${this.#nextId++}`;
    await this.#done(api, "POST", "/api/tasks/executions/", {
      task_id: this.#tracked,
      task_name: "nightly",
      task_module: TRACKED_MODULE,
      timeout_seconds: 3600,
    });
  }

  async #look(url: string, cookie: string): Promise<void> {
    const answer = await fetch(url, { headers: { cookie, accept: "text/html" } });
    await answer.arrayBuffer();
    if (answer.status !== 200 && answer.status !== 503) {
      this.wrongs.push(`${url} answered ${answer.status}`);
    }
  }

  /** Asks again after each 503 until it is done. */
  async #done<T>(api: Api, method: string, path: string, body?: unknown): Promise<T> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await api.ask(method, path, body);
      const text = await answer.text();
      if (answer.ok) {
        return JSON.parse(text) as T;
      }
      if (answer.status !== 503 || Date.now() > until) {
        throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 300)}`);
      }
      await sleep(WAIT_MS);
    }
  }
}
