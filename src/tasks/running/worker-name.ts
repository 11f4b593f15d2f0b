let name: string | undefined;

/** Names this isolate, so that history can say who ran a task. Random values need a request. */
export function workerName(): string {
  name ??= `worker-${crypto.randomUUID().slice(0, 8)}`;
  return name;
}
