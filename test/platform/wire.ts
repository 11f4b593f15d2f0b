import type { Waiting } from "./queue.ts";

/**
 * This file is the protocol between the queues (queues.ts) and a server on the platform
 * (worker.ts).
 */
export const DELIVERY_PATH = "/__platform/deliver";
export const SECRET_HEADER = "x-platform";

/** An Answer is what a consumer said about a message. */
export type Answer = "ack" | { delayMs: number };

/** A DeliveredBatch is how a server on the platform receives a batch. */
export interface DeliveredBatch {
  queue: string;
  messages: Waiting[];
}
