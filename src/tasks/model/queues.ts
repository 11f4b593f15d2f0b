/**
 * Lanes and queues. A task names a lane ("orders"); its producer binding is QUEUE_<LANE>, and the
 * platform's name of the queue ends with "-<lane>". So a deployment may prefix names as it likes.
 */
export const DEAD_LETTERS = "dead-letters";

const PREFIX = "QUEUE_";

function bindingName(lane: string): string {
  return PREFIX + lane.toUpperCase().replaceAll("-", "_");
}

/** Throws when the environment has no such queue: a mistake of configuration. */
export function queueOf(env: Env, lane: string): Queue<TaskMessage> {
  const queue = (env as unknown as Record<string, Queue<TaskMessage> | undefined>)[
    bindingName(lane)
  ];
  if (!queue) {
    throw new Error(`wrangler.toml lacks the queue producer ${bindingName(lane)}`);
  }
  return queue;
}

export function lanesOf(env: Env): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length).toLowerCase().replaceAll("_", "-"))
    .filter((lane) => lane !== DEAD_LETTERS);
}

export function isDeadLetterQueue(queue: string): boolean {
  return queue === DEAD_LETTERS || queue.endsWith(`-${DEAD_LETTERS}`);
}

/** The lane a batch came through; the whole name when it is none we know. */
export function laneOf(env: Env, queue: string): string {
  return lanesOf(env).find((lane) => queue === lane || queue.endsWith(`-${lane}`)) ?? queue;
}

export const MESSAGE_VERSION = 1;

/** All a message carries: the input is in the task's row, so recovery can always send it again. */
export interface TaskMessage {
  v: number;
  task_id: string;
}

/** "newer" is a message of a later deployment, which this one must leave for it. */
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

/** The task that a message of this version, or of a newer one, names; null if it names none. */
export function taskIdOf(body: unknown): string | null {
  if (readMessage(body) === "unknown") {
    return null;
  }
  const { task_id: id } = body as { task_id?: unknown };
  return typeof id === "string" && id !== "" ? id : null;
}

/** How long a sent message may take before recovery wonders where it is. */
export const SENT_GRACE_MS = 30_000;
