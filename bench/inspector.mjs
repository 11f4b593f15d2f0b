/** The Worker's isolate as the Chrome DevTools protocol shows it: `wrangler dev --inspector-port`. */
import { setTimeout as sleep } from "node:timers/promises";

export async function inspect(port) {
  // wrangler asks whose page it is that looks in.
  const headers = { origin: "http://127.0.0.1" };
  const socket = new WebSocket(await addressOf(port), { headers });
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("The inspector refused")), {
      once: true,
    });
  });
  const waiting = new Map();
  let last = 1e6; // wrangler counts its own from 1
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(data);
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
  const send = (method, params = {}) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  return {
    send,
    /** workerd answers no HeapProfiler.collectGarbage; a snapshot begins with one. */
    collectGarbage: () => send("HeapProfiler.takeHeapSnapshot"),
    /** Bytes of V8's heap, of what the runtime keeps beside it, and of buffers. */
    async heapBytes() {
      const usage = await send("Runtime.getHeapUsage");
      const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = usage;
      return usedSize + embedderHeapUsedSize + backingStorageSize;
    },
    close: () => socket.close(),
  };
}

const PATIENCE_MS = 20_000;

async function addressOf(port) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(100)) {
    try {
      const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
      if (targets[0]) {
        return targets[0].webSocketDebuggerUrl;
      }
    } catch {
      // not yet there
    }
  }
  throw new Error(`No inspector answers at port ${port}`);
}
