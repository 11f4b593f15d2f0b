/**
 * StrictQueue has a queue's documented behaviour: it refuses past 5,000 messages a second, counts
 * everything unacked as backlog (in flight and delayed too), counts retries, and sends a message
 * past the last retry to the dead letters. It keeps no time of its own: its holder delivers what is
 * visible.
 *
 * https://developers.cloudflare.com/queues/platform/limits/ (5,000 messages a second, 100 messages
 * or 256 KB a call, 128 KB a message), /queues/configuration/javascript-apis/ (metrics:
 * unacknowledged messages), /queues/configuration/dead-letter-queues/
 */
const PER_SECOND = 5000;
const MAX_MESSAGES = 100;
const MAX_CALL_BYTES = 256_000;
const MAX_MESSAGE_BYTES = 128_000;
const METADATA_BYTES = 100;

export interface QueueRules {
  /** `maxRetries` is how many deliveries follow the first before a message is a dead letter. */
  maxRetries?: number;
  /** `deadLetters` takes the messages that the platform gives up on; without it they are gone. */
  deadLetters?: StrictQueue;
}

/** A Waiting is a message on its way. */
export interface Waiting {
  id: string;
  body: unknown;
  bytes: number;
  /** `sentAt` is when it was first sent, in Unix milliseconds; retries do not change it. */
  sentAt: number;
  /** `attempts` counts past deliveries. */
  attempts: number;
  visibleAt: number;
}

export interface QueueMetrics {
  backlogCount: number;
  backlogBytes: number;
  oldestMessageTimestamp?: Date;
}

export class StrictQueue {
  /** `messages` holds those that wait, delayed ones too. */
  messages: Waiting[] = [];
  /** `inFlight` holds the messages at a consumer. */
  readonly inFlight = new Set<Waiting>();
  /** `sent` has the accepted bodies, in order. */
  readonly sent: unknown[] = [];
  /** While `refuses` is set the queue takes nothing. */
  refuses = false;
  /**
   * While `blind` is set the queue says it is empty, since the platform's metrics are only best
   * effort.
   */
  blind = false;
  readonly #rules: QueueRules;
  #next = 0;
  #recent: { at: number; count: number }[] = [];

  constructor(rules: QueueRules = {}) {
    this.#rules = rules;
  }

  /** Sends all bodies or none, as a producer's call does. Throws as the platform does. */
  send(bodies: readonly unknown[], delayMs = 0): QueueMetrics {
    const sizes = bodies.map((body) => bytesOf(body) + METADATA_BYTES);
    if (bodies.length === 0 || bodies.length > MAX_MESSAGES) {
      throw new Error(`A call sends 1 to ${MAX_MESSAGES} messages, not ${bodies.length}`);
    }
    if (sizes.some((size) => size > MAX_MESSAGE_BYTES) || sum(sizes) > MAX_CALL_BYTES) {
      throw new Error("Payload Too Large");
    }
    const now = Date.now();
    this.#recent = this.#recent.filter(({ at }) => at <= now && now - at < 1000);
    if (this.refuses || sum(this.#recent.map(({ count }) => count)) + bodies.length > PER_SECOND) {
      throw new Error("Too Many Requests");
    }
    this.#recent.push({ at: now, count: bodies.length });
    this.sent.push(...bodies);
    this.messages.push(...bodies.map((body) => this.make(body, delayMs)));
    return this.metrics();
  }

  metrics(): QueueMetrics {
    const all = this.blind ? [] : [...this.messages, ...this.inFlight];
    const oldest = all.reduce((time, message) => Math.min(time, message.sentAt), Infinity);
    return {
      backlogCount: all.length,
      backlogBytes: sum(all.map(({ bytes }) => bytes)),
      ...(all.length > 0 && { oldestMessageTimestamp: new Date(oldest) }),
    };
  }

  /** Makes a message for this queue without putting it in. */
  make(body: unknown, delayMs = 0): Waiting {
    this.#next += 1;
    const now = Date.now();
    const visibleAt = now + delayMs;
    const id = `m${this.#next}`;
    return { id, body, bytes: bytesOf(body), sentAt: now, attempts: 0, visibleAt };
  }

  visible(): Waiting[] {
    return this.messages.filter((message) => message.visibleAt <= Date.now());
  }

  /** Moves messages to a consumer. */
  take(chosen: readonly Waiting[]): Waiting[] {
    const taken = new Set(chosen);
    this.messages = this.messages.filter((message) => !taken.has(message));
    taken.forEach((message) => this.inFlight.add(message));
    return [...taken];
  }

  /** Returns the messages at these places; a place beyond the end wraps around. */
  at(places: readonly number[]): Waiting[] {
    const { length } = this.messages;
    return places.flatMap((place) => this.messages[place % length] ?? []);
  }

  /** Removes messages that were acked, or are lost. */
  drop(gone: readonly Waiting[]): void {
    this.take(gone).forEach((message) => this.inFlight.delete(message));
  }

  /** Puts a message back for another delivery, or into the dead letters after the last retry. */
  takeBack(message: Waiting, delayMs: number): void {
    this.inFlight.delete(message);
    const { maxRetries = Infinity, deadLetters } = this.#rules;
    const attempts = message.attempts + 1;
    if (attempts > maxRetries) {
      deadLetters?.messages.push(deadLetters.make(message.body));
    } else {
      this.messages.push({ ...message, attempts, visibleAt: Date.now() + delayMs });
    }
  }
}

function bytesOf(body: unknown): number {
  return new TextEncoder().encode(JSON.stringify(body) ?? "").length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
