// npm run chaos: load, SIGKILL of the whole server at a random moment, restart on the same state, and
// again; then everything is counted. See scripts/chaos/main.ts.
import { ensureInstalled } from "./lib/install.mjs";
import { stopAll } from "./lib/processes.mjs";
import { runScript } from "./lib/tools.mjs";

const INTERRUPTED = 130;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => void stop());
}

await ensureInstalled();
// A group of its own: Ctrl-C reaches this script alone, which waits until the other has cleaned up.
// Over the IPC channel that one learns if this one is gone.
process.exit(
  await runScript("chaos/main.ts", process.argv.slice(2), {
    detached: process.platform !== "win32",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  }),
);

async function stop() {
  await stopAll();
  process.exit(INTERRUPTED);
}
