import process from "node:process";
import { stopAll } from "../lib/processes.mjs";
import { cleanUp } from "./server.ts";

const INTERRUPTED = 130;
/** Less than whoever started this one waits before it ends it by force. */
const GRACE_MS = 4000;

/** However this process ends, no process and no folder is left; programs but for servers may end by themselves. */
export function endCleanly(): void {
  process.on("exit", cleanUp);
  const end = () => void stopAll(GRACE_MS).then(() => process.exit(INTERRUPTED));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, end);
  }
  process.on("disconnect", end);
}

/** What the command line asks for; ends with `usage` where it asks for that, or for nothing known. */
export function optionsOrExit<Options>(
  read: (argv: string[]) => Options | "help",
  usage: string,
): Options {
  let options: Options | "help";
  try {
    options = read(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
  if (options === "help") {
    console.log(usage);
    return process.exit(0);
  }
  return options;
}
