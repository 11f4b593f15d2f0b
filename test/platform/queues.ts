/**
 * This file holds a started server's queues in the test's process, where they outlive it as the
 * platform's do. The server's sends come over HTTP, and batches go to it the same way, several at
 * once. What it does not answer comes again (the whole of a failed batch, while the platform keeps
 * what was acked before).
 *
 * https://developers.cloudflare.com/queues/configuration/consumer-concurrency/ (starts low, is
 * adjusted when a batch ends), /queues/configuration/batching-retries/, /queues/platform/limits/
 * (15 minutes a batch), /queues/reference/delivery-guarantees/ (at least once)
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, DELIVERY_PATH, SECRET_HEADER } from "./wire.ts";
import { StrictQueue, type Waiting } from "./queue.ts";
import { KIND, type PlatformSettings } from "./settings.ts";
import { sleep } from "./sleep.ts";

const WALL_MS = 15 * 60_000;
const POLL_MS = 20;

export interface Consumer {
  queue: string;
  maxBatchSize: number;
  maxBatchTimeoutMs: number;
  maxRetries: number;
  maxConcurrency: number;
  deadLetterQueue?: string;
}

export interface QueuesOptions {
  /** `sendMs` is how long the answer to a send takes; it is about 60 ms on the platform. */
  sendMs?: number;
  /** `doubles` is the share of messages that are delivered once more though they were acked. */
  doubles?: number;
  random?: () => number;
  /** `maxConcurrency` overrides each consumer's own. */
  maxConcurrency?: number;
}

export interface Counts {
  batches: number;
  /** `mostAtOnce` is the highest number of batches under way at once. */
  mostAtOnce: number;
  /** `failed` counts batches without an answer. */
  failed: number;
  doubled: number;
  refused: number;
  deadLetters: number;
}

export class Queues {
  readonly counts: Counts = {
    batches: 0,
    mostAtOnce: 0,
    failed: 0,
    doubled: 0,
    refused: 0,
    deadLetters: 0,
  };
  readonly #options: QueuesOptions;
  readonly #secret = crypto.randomUUID();
  readonly #deliveries = new Map<string, Delivery>();
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #workers: readonly string[] = [];
  #running = 0;

  constructor(consumers: readonly Consumer[], options: QueuesOptions = {}) {
    this.#options = options;
    // Queues that others name (as dead letters) must be made first.
    const named = consumers.toSorted(
      (a, b) => Number("deadLetterQueue" in a) - Number("deadLetterQueue" in b),
    );
    for (const consumer of named) {
      const deadLetters = this.#deliveries.get(consumer.deadLetterQueue ?? "")?.queue;
      const queue = new StrictQueue({
        maxRetries: consumer.maxRetries,
        ...(deadLetters && { deadLetters }),
      });
      this.#deliveries.set(consumer.queue, { consumer, queue, running: 0, most: 1, since: null });
    }
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      void this.#respond(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#server = server;
    this.#timer = setInterval(() => this.#deliver(), POLL_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#server?.close();
    this.#server?.closeAllConnections();
  }

  /**
   * Returns how to start a server here: with test/platform/worker.ts in place of src/index.ts, and
   * its settings.
   */
  argumentsFor(given: Partial<PlatformSettings>): { entry: string; flags: string[] } {
    const { port } = (this.#server?.address() ?? {}) as Partial<AddressInfo>;
    const settings: PlatformSettings = {
      ...KIND,
      ...given,
      queues: `http://127.0.0.1:${port}`,
      secret: this.#secret,
    };
    const value = JSON.stringify(JSON.stringify(settings));
    return { entry: "test/platform/worker.ts", flags: ["--define", `PLATFORM:${value}`] };
  }

  /**
   * Delivers batches to these servers in turn from now on. Without servers nothing is delivered.
   */
  deliverTo(...urls: readonly string[]): void {
    this.#workers = urls;
  }

  backlog(): number {
    return [...this.#deliveries.values()].reduce(
      (sum, { queue }) => sum + queue.metrics().backlogCount,
      0,
    );
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await this.#answer(request);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const [, name = ""] = (request.url ?? "").split("/");
    const delivery = this.#deliveries.get(decodeURIComponent(name));
    if (request.headers[SECRET_HEADER] !== this.#secret || !delivery) {
      return { status: 404, body: { error: `no queue ${name}` } };
    }
    try {
      const { bodies, delayMs } = JSON.parse(await textOf(request)) as {
        bodies?: unknown[];
        delayMs?: number;
      };
      if (bodies) {
        await sleep(this.#options.sendMs ?? 0);
        delivery.queue.send(bodies, delayMs);
        this.#deliver();
      }
      return { status: 200, body: delivery.queue.metrics() };
    } catch (error) {
      this.counts.refused += 1;
      return {
        status: 429,
        body: { error: error instanceof Error ? error.message : String(error) },
      };
    }
  }

  #deliver(): void {
    for (const delivery of this.#deliveries.values()) {
      const { consumer, queue } = delivery;
      const most = Math.min(delivery.most, this.#options.maxConcurrency ?? Infinity);
      while (this.#workers.length > 0 && delivery.running < most) {
        const due = queue.visible().slice(0, consumer.maxBatchSize);
        if (due.length === 0 || (due.length < consumer.maxBatchSize && !isOver(delivery))) {
          break;
        }
        delivery.since = null;
        void this.#run(delivery, queue.take(due));
      }
    }
  }

  async #run(delivery: Delivery, messages: Waiting[]): Promise<void> {
    const { consumer, queue } = delivery;
    delivery.running += 1;
    this.#running += 1;
    this.counts.batches += 1;
    this.counts.mostAtOnce = Math.max(this.counts.mostAtOnce, this.#running);
    const answers = await this.#call(consumer.queue, messages);
    for (const message of messages) {
      const answer = answers.get(message.id);
      const doubled = (this.#options.random ?? Math.random)() < (this.#options.doubles ?? 0);
      if (answer === "ack" && !doubled) {
        queue.drop([message]);
        continue;
      }
      this.counts.doubled += answer === "ack" ? 1 : 0;
      this.counts.deadLetters += message.attempts >= consumer.maxRetries ? 1 : 0;
      queue.takeBack(message, answer === "ack" ? 0 : (answer?.delayMs ?? 0));
    }
    delivery.running -= 1;
    this.#running -= 1;
    // Concurrency rises while work is left and falls when a call failed; it is adjusted when a
    // batch ends.
    const limit = this.#options.maxConcurrency ?? consumer.maxConcurrency;
    const wanted = answers.size === 0 ? delivery.most - 1 : delivery.most + 1;
    delivery.most = queue.visible().length === 0 ? 1 : Math.min(Math.max(wanted, 1), limit);
    this.#deliver();
  }

  /**
   * Returns the answers by message; none if the call failed, after which all messages come again.
   */
  async #call(queue: string, messages: readonly Waiting[]): Promise<Map<string, Answer>> {
    const worker = this.#workers[this.counts.batches % this.#workers.length];
    try {
      const response = await fetch(`${worker}${DELIVERY_PATH}`, {
        method: "POST",
        headers: { [SECRET_HEADER]: this.#secret, "content-type": "application/json" },
        body: JSON.stringify({ queue, messages }),
        signal: AbortSignal.timeout(WALL_MS),
      });
      if (!response.ok) {
        throw new Error(`${response.status} ${await response.text()}`);
      }
      const answers: [string, Answer][] = JSON.parse(await response.text());
      return new Map(answers);
    } catch {
      this.counts.failed += 1;
      await sleep(POLL_MS); // the server is being killed or started
      return new Map();
    }
  }
}

interface Delivery {
  consumer: Consumer;
  queue: StrictQueue;
  running: number;
  /** `most` is how many batches may run at once now. */
  most: number;
  /** `since` is when fewer messages than a full batch were first seen to wait. */
  since: number | null;
}

/** Tells whether a batch that is not full has waited long enough. */
function isOver(delivery: Delivery): boolean {
  delivery.since ??= Date.now();
  return Date.now() - delivery.since >= delivery.consumer.maxBatchTimeoutMs;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
