/**
 * Queues go by the names that tasks give them ("orders"). The producer binding is QUEUE_<NAME>, and
 * the platform's name of the queue ends with "-<name>", so a deployment may prefix it as it likes.
 */
export const DEAD_LETTERS = "dead-letters";

const PREFIX = "QUEUE_";

function bindingName(queue: string): string {
  return PREFIX + queue.toUpperCase().replaceAll("-", "_");
}

/** Returns the producer of a queue. Throws when the configuration lacks it. */
export function producerOf(env: Env, queue: string): Queue<TaskMessage> {
  const producer = (env as unknown as Record<string, Queue<TaskMessage> | undefined>)[
    bindingName(queue)
  ];
  if (!producer) {
    throw new Error(`wrangler.toml lacks the queue producer ${bindingName(queue)}`);
  }
  return producer;
}

export function queueNames(env: Env): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length).toLowerCase().replaceAll("_", "-"))
    .filter((queue) => queue !== DEAD_LETTERS);
}

export function isDeadLetterQueue(queue: string): boolean {
  return queue === DEAD_LETTERS || queue.endsWith(`-${DEAD_LETTERS}`);
}

/** Returns the name of the queue that a batch came through, or the platform's if it is unknown. */
export function queueNameOf(env: Env, platformName: string): string {
  const isIt = (name: string) => platformName === name || platformName.endsWith(`-${name}`);
  return queueNames(env).find(isIt) ?? platformName;
}

export const MESSAGE_VERSION = 1;

/** A message carries only an id. The input is in the row, so recovery can always send it again. */
export interface TaskMessage {
  v: number;
  task_id: string;
}

/**
 * Reads a message. "newer" is one of a later deployment, which this version must leave to that one.
 */
export function readMessage(body: unknown): TaskMessage | "newer" | "unknown" {
  if (typeof body !== "object" || body === null) {
    return "unknown";
  }
  const { v, task_id } = body as Partial<Record<keyof TaskMessage, unknown>>;
  if (typeof v === "number" && v > MESSAGE_VERSION) {
    return "newer";
  }
  const known = v === MESSAGE_VERSION && typeof task_id === "string" && task_id !== "";
  return known ? { v: MESSAGE_VERSION, task_id } : "unknown";
}

/** Returns the task id that a message of this or a newer version names; null if it names none. */
export function taskIdOf(body: unknown): string | null {
  if (readMessage(body) === "unknown") {
    return null;
  }
  const { task_id: id } = body as { task_id?: unknown };
  return typeof id === "string" && id !== "" ? id : null;
}

/** A sent message may take this long before recovery asks where it is. */
export const SENT_GRACE_MS = 30_000;
