import { ensureInstalled } from "./install.mjs";
import { stopAll } from "./processes.mjs";
import { runFile } from "./tools.mjs";

const INTERRUPTED = 130;

/**
 * Runs a program that starts servers to its end, by default with this one's arguments, and exits as
 * it does. It is in a group of its own: Ctrl-C reaches this script alone, which waits until the other
 * has cleaned up. Over the IPC channel that one learns if this one is gone.
 */
export async function runApart(file, args = process.argv.slice(2)) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => void stop());
  }
  await ensureInstalled();
  process.exit(
    await runFile(file, args, {
      detached: process.platform !== "win32",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    }),
  );
}

async function stop() {
  await stopAll();
  process.exit(INTERRUPTED);
}
