import type { TaskMessage } from "../../src/tasks/queues";

/** A message on its way. One that waits or is being delivered is not in the queue's metrics. */
export interface Waiting {
  id: string;
  body: unknown;
  /** When it was first sent, retries notwithstanding. Unix milliseconds. */
  sentAt: number;
  attempts: number;
  visibleAt: number;
}

/** A queue in memory, as unreliable as the test wants it. */
export class ModelQueue {
  messages: Waiting[] = [];
  /** Ids of the tasks of accepted sends, in order. */
  readonly sent: string[] = [];
  refuses = false;
  /** Says it is empty, whatever it holds: the platform's metrics are best effort. */
  blind = false;
  #next = 0;

  readonly binding = {
    sendBatch: async (batch: Iterable<{ body: TaskMessage }>) => {
      if (this.refuses) {
        throw new Error("Too Many Requests");
      }
      for (const { body } of batch) {
        this.sent.push(body.task_id);
        this.messages.push(this.make(body));
      }
    },
    metrics: async () => {
      const visible = this.blind ? [] : this.visible();
      const oldest = Math.min(...visible.map((message) => message.sentAt));
      return {
        backlogCount: visible.length,
        backlogBytes: 0,
        ...(visible.length > 0 && { oldestMessageTimestamp: new Date(oldest) }),
      };
    },
  } as unknown as Queue<TaskMessage>;

  make(body: unknown): Waiting {
    this.#next += 1;
    const now = Date.now();
    return { id: `m${this.#next}`, body, sentAt: now, attempts: 0, visibleAt: now };
  }

  visible(): Waiting[] {
    return this.messages.filter((message) => message.visibleAt <= Date.now());
  }

  /** Takes messages out, by place; a place beyond the end counts from the beginning again. */
  take(places: readonly number[]): Waiting[] {
    const { length } = this.messages;
    const chosen = new Set(length === 0 ? [] : places.map((place) => place % length));
    const taken = this.messages.filter((_, place) => chosen.has(place));
    this.messages = this.messages.filter((_, place) => !chosen.has(place));
    return taken;
  }

  /** A message that comes again. */
  takeBack(message: Waiting, delayMs: number): void {
    const visibleAt = Date.now() + delayMs;
    this.messages.push({ ...message, attempts: message.attempts + 1, visibleAt });
  }

  takeAll(): Waiting[] {
    return this.messages.splice(0);
  }
}

export function taskIdOf(message: Waiting): string | undefined {
  const { body } = message;
  return typeof body === "object" && body !== null && "task_id" in body
    ? String(body.task_id)
    : undefined;
}

/** What the consumer said of a message; the first word counts. */
export type Answer = "ack" | { delayMs: number };

/** A batch as the platform hands it over, and what was answered. */
export function batchOf(messages: readonly Waiting[]) {
  const answers = new Map<string, Answer>();
  const answer = (id: string, word: Answer) => void (answers.has(id) || answers.set(id, word));
  const batch = {
    queue: "pedidos-orders",
    messages: messages.map(({ id, body, sentAt, attempts }) => ({
      id,
      body,
      timestamp: new Date(sentAt),
      attempts: attempts + 1,
      ack: () => answer(id, "ack"),
      retry: (options?: QueueRetryOptions) =>
        answer(id, { delayMs: (options?.delaySeconds ?? 0) * 1000 }),
    })),
  } as unknown as MessageBatch;
  return { batch, answers };
}
