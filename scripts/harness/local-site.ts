import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export interface LocalSite {
  url: string;
  close(): void;
}

const IDLE_MS = 120_000;

/** Serves HTTP at a free port of this machine. */
export async function serveLocally(answer: RequestListener): Promise<LocalSite> {
  const server = createServer(answer);
  // An idle connection that this side closes may just be taken for another request.
  server.keepAliveTimeout = IDLE_MS;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
