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
