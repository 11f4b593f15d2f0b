/** This file makes a queue's binding and batches as a Worker sees them. */
import type { Waiting } from "./queue";
import type { Answer } from "./wire";

interface Sends {
  send(bodies: unknown[], delayMs: number): QueueMetrics | Promise<QueueMetrics>;
  metrics(): QueueMetrics | Promise<QueueMetrics>;
}

export function bindingOf(queue: Sends): Queue {
  const send = async (bodies: unknown[], { delaySeconds = 0 }: QueueSendOptions = {}) => ({
    metadata: { metrics: await queue.send(bodies, delaySeconds * 1000) },
  });
  return {
    send: (body: unknown, options?: QueueSendOptions) => send([body], options),
    sendBatch: (messages: Iterable<MessageSendRequest>, options?: QueueSendBatchOptions) =>
      send(
        Array.from(messages, ({ body }) => body),
        options,
      ),
    metrics: async () => queue.metrics(),
  };
}

/**
 * Makes a batch as the platform hands it over, and records the answers: the first one of each
 * message counts.
 */
export function batchOf(messages: readonly Waiting[], queue = "pedidos-orders") {
  const answers = new Map<string, Answer>();
  const answer = (id: string, word: Answer) => void (answers.has(id) || answers.set(id, word));
  const delayed = (options?: QueueRetryOptions) => ({
    delayMs: (options?.delaySeconds ?? 0) * 1000,
  });
  const all = (word: Answer) => messages.forEach(({ id }) => answer(id, word));
  const batch = {
    queue,
    messages: messages.map(({ id, body, sentAt, attempts }) => ({
      id,
      body,
      timestamp: new Date(sentAt),
      attempts: attempts + 1,
      ack: () => answer(id, "ack"),
      retry: (options?: QueueRetryOptions) => answer(id, delayed(options)),
    })),
    ackAll: () => all("ack"),
    retryAll: (options?: QueueRetryOptions) => all(delayed(options)),
  } as unknown as MessageBatch;
  return { batch, answers };
}

export function taskIdOf({ body }: Pick<Waiting, "body">): string | undefined {
  return typeof body === "object" && body !== null && "task_id" in body
    ? String(body.task_id)
    : undefined;
}
