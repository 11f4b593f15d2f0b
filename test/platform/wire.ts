import type { Waiting } from "./queue.ts";

/** What the queues (queues.ts) and a server on the platform (worker.ts) say to each other. */
export const DELIVERY_PATH = "/__platform/deliver";
export const SECRET_HEADER = "x-platform";

/** What a consumer said of a message. */
export type Answer = "ack" | { delayMs: number };

/** As a server on the platform is given a batch. */
export interface DeliveredBatch {
  queue: string;
  messages: Waiting[];
}
