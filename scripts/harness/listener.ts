import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "./api.ts";

const RECONNECT_MS = 200;

interface Message {
  epoch: string;
  seq: number;
  rows?: unknown[];
  refetch?: true;
}

/**
 * A listener follows the tasks as a page does: its socket comes back after a loss and says where it
 * was.
 */
export class Listener {
  /** Messages that told of changes, or to read again. */
  heard = 0;
  #api: Api;
  #place = "";
  #socket: WebSocket | undefined;
  #isOver = false;
  readonly #opened = Promise.withResolvers<void>();

  constructor(api: Api) {
    this.#api = api;
    void this.#listen();
  }

  /** Resolves once it listens. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Goes on at another server of the same state. */
  moveTo(api: Api): void {
    this.#api = api;
  }

  close(): void {
    this.#isOver = true;
    this.#socket?.close();
  }

  async #listen(): Promise<void> {
    while (!this.#isOver) {
      await new Promise<void>((resolve) => {
        const address = `${this.#api.url.replace("http", "ws")}/api/live?${this.#place}`;
        const headers = { authorization: `Bearer ${this.#api.key}` };
        // Node's takes headers, which a browser's does not.
        const socket = new WebSocket(address, { headers });
        socket.addEventListener("open", () => this.#opened.resolve());
        socket.addEventListener("message", ({ data }) => this.#read(JSON.parse(String(data))));
        socket.addEventListener("close", () => resolve());
        socket.addEventListener("error", () => resolve());
        this.#socket = socket;
      });
      await sleep(RECONNECT_MS);
    }
  }

  #read({ epoch, seq, rows, refetch }: Message): void {
    this.#place = new URLSearchParams({ epoch, seq: String(seq) }).toString();
    this.heard += rows || refetch ? 1 : 0;
  }
}
