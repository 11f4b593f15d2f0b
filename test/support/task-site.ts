/**
 * The site runs over an engine of the test's own: what it accepts waits until the test delivers it.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { expect } from "vitest";
import { createApp } from "../../src/app";
import { processOrder } from "../../src/orders/pipeline/task";
import { bulk } from "../../src/tasks/commands/bulk";
import type { TaskDefinition } from "../../src/tasks/model/define";
import { Engine } from "../../src/tasks/model/engine";
import { apiKey, ORIGIN } from "./api";
import type { Execution } from "./api-orders";
import { deliver, testEnv } from "./engine";

/** This queue takes every message and delivers none. */
const silentQueue = {
  sendBatch: () => Promise.resolve(),
  metrics: () => Promise.resolve({ backlogCount: 0, backlogBytes: 0 }),
} as unknown as Queue;

export interface Asking {
  key?: string;
  cookie?: string;
  /** `body` is sent as JSON, but a string as it is. */
  body?: unknown;
}

export interface Site {
  engine: Engine;
  env: Env;
  ask(method: string, path: string, asking?: Asking): Promise<Response>;
  /** Asks, expects that status, and reads the answer. */
  get<Answer>(path: string, asking?: Asking, status?: number): Promise<Answer>;
  post<Answer>(path: string, asking?: Asking, status?: number): Promise<Answer>;
  patch<Answer>(path: string, asking?: Asking, status?: number): Promise<Answer>;
  execution(id: string, key: string): Promise<Execution>;
  run(...ids: string[]): Promise<void>;
}

export function siteOf(
  tasks: readonly TaskDefinition[] = [],
  overrides: Partial<Record<keyof Env, unknown>> = {},
): Site {
  const engine = new Engine([processOrder, bulk, ...tasks]);
  const app = createApp(engine);
  const env = testEnv({ QUEUE_ORDERS: silentQueue, QUEUE_TASKS: silentQueue, ...overrides });

  const ask: Site["ask"] = async (method, path, { key, cookie, body } = {}) => {
    const headers = new Headers();
    if (key !== undefined) {
      headers.set("authorization", `Bearer ${key}`);
    }
    if (cookie !== undefined) {
      headers.set("cookie", cookie);
    }
    if (body !== undefined) {
      headers.set("content-type", "application/json");
    }
    const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    const url = path.startsWith("/") ? ORIGIN + path : path;
    const ctx = createExecutionContext();
    const response = await app.fetch(new Request(url, { method, headers, body: text }), env, ctx);
    await waitOnExecutionContext(ctx);
    return response;
  };
  const read =
    (method: string, usual: number) =>
    async <Answer>(path: string, asking?: Asking, status = usual): Promise<Answer> => {
      const response = await ask(method, path, asking);
      const text = await response.text();
      expect(response.status, `${method} ${path}: ${text.slice(0, 500)}`).toBe(status);
      return JSON.parse(text) as Answer;
    };
  const get = read("GET", 200);
  return {
    engine,
    env,
    ask,
    get,
    post: read("POST", 200),
    patch: read("PATCH", 200),
    execution: (id, key) => get<Execution>(`/api/tasks/executions/${id}/`, { key }),
    run: async (...ids) => void (await deliver(ids, env, engine)),
  };
}

/** Makes keys of different scopes, from an operator's to one of no scope over tasks. */
export async function someKeys() {
  const [operator, viewer, tracker, none] = await Promise.all([
    apiKey(["tasks:read", "tasks:write"]),
    apiKey(["tasks:read"]),
    apiKey(["tasks:track"]),
    apiKey(["orders:read"]),
  ]);
  return { operator, viewer, tracker, none };
}
