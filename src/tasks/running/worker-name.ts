let name: string | undefined;

/** Names this isolate for timelines. It is called in a request, as random values need one. */
export function workerName(): string {
  name ??= `worker-${crypto.randomUUID().slice(0, 8)}`;
  return name;
}
