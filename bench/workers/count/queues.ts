import { counts } from "./counters";

/** A producer that counts a write per message; none here is over 64 KB, which would be two. */
export function countingProducer<Body>(queue: Queue<Body>): Queue<Body> {
  return new Proxy(queue, {
    get(target, property) {
      if (property === "send") {
        return (body: Body, options?: QueueSendOptions) => {
          note(1);
          return target.send(body, options);
        };
      }
      if (property === "sendBatch") {
        return (messages: MessageSendRequest<Body>[], options?: QueueSendBatchOptions) => {
          note(messages.length);
          return target.sendBatch(messages, options);
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function note(messages: number): void {
  counts.queueCalls += 1;
  counts.queueWrites += messages;
}

/** A batch that counts a read per message delivered and a delete per message acked. */
export function countingBatch(batch: MessageBatch): MessageBatch {
  counts.batches += 1;
  counts.queueReads += batch.messages.length;
  return {
    queue: batch.queue,
    metadata: batch.metadata,
    messages: batch.messages.map((message) => ({
      id: message.id,
      timestamp: message.timestamp,
      body: message.body,
      attempts: message.attempts,
      ack() {
        counts.queueDeletes += 1;
        message.ack();
      },
      retry: (options?: QueueRetryOptions) => message.retry(options),
    })),
    ackAll() {
      counts.queueDeletes += batch.messages.length;
      batch.ackAll();
    },
    retryAll: (options?: QueueRetryOptions) => batch.retryAll(options),
  };
}
