/** Servers that run test/platform/worker.ts have queues as strict as documented. */
import path from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { Queues, type QueuesOptions } from "../../test/platform/queues.ts";
import { root } from "../lib/tools.mjs";

interface WranglerConsumer {
  queue: string;
  max_batch_size?: number;
  max_batch_timeout?: number;
  max_retries?: number;
  max_concurrency?: number | null;
  dead_letter_queue?: string;
}

/** Starts queues with the consumers of wrangler.toml. */
export async function startQueues(options: QueuesOptions = {}): Promise<Queues> {
  const config = readConfig({ config: path.join(root, "wrangler.toml") }, { hideWarnings: true });
  const consumers = (config.queues.consumers as WranglerConsumer[]).map((consumer) => ({
    queue: consumer.queue,
    maxBatchSize: consumer.max_batch_size ?? 10,
    maxBatchTimeoutMs: (consumer.max_batch_timeout ?? 5) * 1000,
    maxRetries: consumer.max_retries ?? 3,
    maxConcurrency: consumer.max_concurrency ?? 250,
    ...(consumer.dead_letter_queue && { deadLetterQueue: consumer.dead_letter_queue }),
  }));
  const queues = new Queues(consumers, options);
  await queues.listen();
  return queues;
}
