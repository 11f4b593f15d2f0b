import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { LiveMessage, Row } from "../../src/live/events";
import { hubOf } from "../../src/live/hub";
import { newBatchId, taskId } from "../../src/lib/ids";
import type { TaskChange } from "../../src/tasks/model/publish";
import { call, type CallInit } from "./api";

/** A Listener is an open socket and everything it was told. */
export interface Listener {
  messages: LiveMessage[];
  /** `rows` has the latest row of each task it was told of. */
  rows: Map<string, Row>;
  /** `closed` is the close code, once it is closed. */
  closed: number | null;
  socket: WebSocket;
  /** `since` returns what a client sends when it comes back. */
  since(): string;
}

/** Opens a socket through the whole Worker. */
export async function listen(query: string, init: CallInit = {}): Promise<Listener> {
  const response = await upgrade(query, init);
  const { status, webSocket: socket } = response;
  expect(status, status === 101 ? "" : await response.text()).toBe(101);
  if (!socket) {
    throw new Error("no socket");
  }
  const listener: Listener = {
    messages: [],
    rows: new Map(),
    closed: null,
    socket,
    since() {
      const { epoch, seq } = this.messages.at(-1) ?? { epoch: "", seq: 0 };
      return `epoch=${epoch}&seq=${seq}`;
    },
  };
  socket.addEventListener("message", ({ data }) => {
    if (data === "pong") {
      return;
    }
    const message = JSON.parse(String(data)) as LiveMessage;
    listener.messages.push(message);
    message.rows?.forEach((row) => listener.rows.set(row.id, row));
  });
  socket.addEventListener("close", ({ code }) => {
    listener.closed = code;
  });
  socket.accept();
  await vi.waitFor(() => expect(listener.messages.length).toBeGreaterThan(0));
  return listener;
}

export function upgrade(query: string, { headers, ...init }: CallInit = {}): Promise<Response> {
  const all = new Headers(headers);
  all.set("upgrade", "websocket");
  return call(`/api/live?${query}`, { ...init, headers: all });
}

/** Makes a change of a task, by default of a new one in a batch of its own. */
export function aChange(overrides: Partial<TaskChange> = {}): TaskChange {
  return {
    id: taskId(newBatchId(Date.now()), 0),
    name: "pedidos.procesar",
    module: "pedidos",
    subject: "A-1",
    user: null,
    status: "STARTED",
    at: Date.now(),
    ...overrides,
  };
}

export function publishNow(...changes: TaskChange[]): Promise<{ listeners: number }> {
  return hubOf(env).publish({ changes, incomplete: false });
}
