/** The Chrome DevTools protocol shows the Worker's isolate, by `wrangler dev --inspector-port`. */
import { setTimeout as sleep } from "node:timers/promises";

/** An answer to `Runtime.getHeapUsage` has at least this. */
interface HeapUsage {
  usedSize: number;
  embedderHeapUsedSize?: number;
  backingStorageSize?: number;
}

interface Message {
  id: number;
  result?: unknown;
  error?: { message: string };
}

export type Isolate = Awaited<ReturnType<typeof inspect>>;

export async function inspect(port: number) {
  // wrangler refuses an inspector that does not say whose page it is.
  const headers = { origin: "http://127.0.0.1" };
  const socket = new WebSocket(await addressOf(port), { headers });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("error", () => reject(new Error("The inspector refused")), {
      once: true,
    });
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 1e6; // wrangler counts its own from 1
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(String(data)) as Message;
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) {
      reject?.(new Error(error.message));
    } else {
      resolve?.(result);
    }
  });
  socket.addEventListener("close", ({ code, reason }) => {
    waiting.forEach(({ reject }) =>
      reject(new Error(`The inspector went away: ${code} ${reason}`)),
    );
  });
  const send = (method: string): Promise<unknown> => {
    last += 1;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(last, answer);
    socket.send(JSON.stringify({ id: last, method, params: {} }));
    return answer.promise;
  };
  return {
    /** Takes a snapshot, which begins by collecting: workerd has no HeapProfiler.collectGarbage. */
    collectGarbage: () => send("HeapProfiler.takeHeapSnapshot"),
    /** Sums the bytes of V8's heap, of what the runtime keeps beside it, and of buffers. */
    async heapBytes(): Promise<number> {
      const usage = (await send("Runtime.getHeapUsage")) as HeapUsage;
      const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = usage;
      return usedSize + embedderHeapUsedSize + backingStorageSize;
    },
    close: () => socket.close(),
  };
}

const PATIENCE_MS = 20_000;

async function addressOf(port: number): Promise<string> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(100)) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/json/list`);
      const targets = (await response.json()) as { webSocketDebuggerUrl: string }[];
      if (targets[0]) {
        return targets[0].webSocketDebuggerUrl;
      }
    } catch {
      // The inspector is not there yet.
    }
  }
  throw new Error(`No inspector answers at port ${port}`);
}
