import process from "node:process";
import { cleanUp } from "./server.ts";

const INTERRUPTED = 130;

/** However this process ends, no process and no folder is left. */
export function endCleanly(): void {
  process.on("exit", cleanUp);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => process.exit(INTERRUPTED));
  }
  process.on("disconnect", () => process.exit(INTERRUPTED));
}
