let name: string | undefined;

/**
 * Names this isolate, so that a timeline can say who ran a task. It is made in a request, as random
 * values need one.
 */
export function workerName(): string {
  name ??= `worker-${crypto.randomUUID().slice(0, 8)}`;
  return name;
}
