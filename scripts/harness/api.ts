/** Programs that test a server from outside call the HTTP API with this client. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Order } from "./orders.ts";
import type { Accepted, Pedido, Task } from "./rows.ts";

interface Page<Row> {
  count: number;
  next: string | null;
  results: Row[];
}

const OPEN_LISTS = ["PENDING", "STARTED", "PROGRESS", "RETRY"].map(
  (status) => `/api/tasks/executions/?limit=200&status=${status}`,
);
const TRIES = 5;
const JSON_TYPE = { "content-type": "application/json" };

export class Api {
  readonly url: string;
  readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  /** Signs in and makes a key. */
  static async signIn(url: string, admin: { email: string; password: string }): Promise<Api> {
    return Api.withKey(url, await signIn(url, admin), [
      "orders:write",
      "orders:read",
      "tasks:read",
    ]);
  }

  /** Makes a key of these scopes in the name of whoever the session cookie belongs to. */
  static async withKey(url: string, cookie: string, scopes: readonly string[]): Promise<Api> {
    const made = await fetch(`${url}/api/keys/`, {
      method: "POST",
      headers: { ...JSON_TYPE, cookie },
      body: JSON.stringify({ name: "test", scopes }),
    });
    await expectStatus(made, 201);
    return new Api(url, ((await made.json()) as { key: string }).key);
  }

  /** Reads an answer of the API, by path or by the link a page gave, and asks again after a 503. */
  async get<T>(pathOrUrl: string): Promise<T> {
    const { pathname, search } = new URL(pathOrUrl, this.url);
    const headers = { authorization: `Bearer ${this.key}` };
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(this.url + pathname + search, { headers });
      if (response.status === 503 && attempt < TRIES) {
        await response.body?.cancel();
        await sleep(200 * attempt);
        continue;
      }
      await expectStatus(response, 200);
      return (await response.json()) as T;
    }
  }

  /** Sends any other request; the caller judges the answer. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(this.url + path, {
      method,
      headers: { ...headers, ...JSON_TYPE, authorization: `Bearer ${this.key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Sends orders; the caller judges the answer. */
  async send(orders: Order[], idempotencyKey?: string): Promise<Response> {
    return this.ask("POST", "/api/pedidos", orders, {
      ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
    });
  }

  /** Sends orders that are accepted. */
  async post(orders: Order[]): Promise<Accepted> {
    const response = await this.send(orders);
    await expectStatus(response, 202);
    return (await response.json()) as Accepted;
  }

  /** Reads every row of a list, page by page. */
  async all<Row>(first: string): Promise<Row[]> {
    const rows: Row[] = [];
    for (let next: string | null = first; next !== null;) {
      const page: Page<Row> = await this.get(next);
      rows.push(...page.results);
      next = page.next;
    }
    return rows;
  }

  /** Reads every task, or those of one request. */
  async tasks(lote?: string): Promise<Task[]> {
    const filter = lote === undefined ? "" : `&lote=${lote}`;
    return this.all(`/api/tasks/executions/?limit=200${filter}`);
  }

  /** Reads every stored order, or those stored since a time. */
  async pedidos(since?: Date): Promise<Pedido[]> {
    const filter = since === undefined ? "" : `&desde=${since.toISOString()}`;
    return this.all(`/api/pedidos?limit=200${filter}`);
  }

  /** Reads every task that is not final. */
  async openTasks(): Promise<Task[]> {
    return (await Promise.all(OPEN_LISTS.map((list) => this.all<Task>(list)))).flat();
  }

  /** Counts these tasks, at most 1,000 of each state. */
  async countOpen(): Promise<number> {
    const pages = await Promise.all(OPEN_LISTS.map((list) => this.get<Page<Task>>(list)));
    const counts = pages.map(({ count, results }) => Math.max(count, results.length));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Waits until nothing is open; returns how much still was when patience ended. */
  async untilFinal(seconds: number, onLook?: (open: number) => void): Promise<number> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const open = await this.countOpen();
      onLook?.(open);
      if (open === 0 || Date.now() >= end) {
        return open;
      }
      await sleep(1000);
    }
  }
}

/** Returns the session's cookie. */
export async function signIn(
  url: string,
  admin: { email: string; password: string },
): Promise<string> {
  const signedIn = await fetch(`${url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify(admin),
  });
  await expectStatus(signedIn, 200);
  const cookies = signedIn.headers.getSetCookie().map((line) => line.split(";", 1)[0]);
  return cookies.join("; ");
}

async function expectStatus(response: Response, status: number): Promise<void> {
  if (response.status !== status) {
    const text = (await response.text()).slice(0, 500);
    throw new Error(`${response.url} answered ${response.status}, not ${status}: ${text}`);
  }
}
