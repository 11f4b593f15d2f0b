import process from "node:process";
import { stopAll } from "../lib/processes.mjs";
import { cleanUp } from "./server.ts";

const INTERRUPTED = 130;
/** This is less than the starter of this process waits before it kills it. */
const GRACE_MS = 4000;

/**
 * Leaves no process and no folder behind, however this one ends; programs other than servers are
 * asked first.
 */
export function endCleanly(): void {
  process.on("exit", cleanUp);
  const end = () => void stopAll(GRACE_MS).then(() => process.exit(INTERRUPTED));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, end);
  }
  process.on("disconnect", end);
}

/**
 * Reads what the command line asks for; prints `usage` and exits where it asks for that, or is
 * wrong.
 */
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
