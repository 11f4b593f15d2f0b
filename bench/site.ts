/** A site is a server that is measured from outside. */
import { closeSync, cpSync, fsyncSync, openSync, readdirSync } from "node:fs";
import path from "node:path";
import { Api } from "../scripts/harness/api.ts";
import { removeFolder, temporaryFolder } from "../scripts/harness/folders.ts";
import { type Server, type ServerOptions, startServer } from "../scripts/harness/server.ts";
import { Watch } from "./watch.ts";

export interface Site {
  server: Server;
  api: Api;
  watch: Watch;
}

/** Measures on a server with a state of its own: a fresh one, or a copy of the folder `state`. */
export async function onSite<Result>(
  { state, ...options }: ServerOptions & { state?: string | undefined },
  measure: (site: Site) => Promise<Result>,
): Promise<Result> {
  const persistTo = temporaryFolder("bench-");
  if (state !== undefined) {
    cpSync(state, persistTo, { recursive: true });
    flush(persistTo);
  }
  const server = await startServer({ ...options, persistTo });
  const watch = new Watch(persistTo);
  try {
    const api = await Api.signIn(server.url, server.admin);
    return await measure({ server, api, watch });
  } finally {
    watch.close();
    await server.stop();
    removeFolder(persistTo);
  }
}

/**
 * Writes a copied folder to the disk, so that the server's own commits do not wait for the copy's.
 */
function flush(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      const file = openSync(path.join(entry.parentPath, entry.name), "r+");
      fsyncSync(file);
      closeSync(file);
    }
  }
}
