import { spawn } from "node:child_process";
import path from "node:path";
import { project } from "./server";

/** Runs a command of `scripts/` as its user would, without what vitest sets for its own processes. */
export function runScript(name: string, args: string[], variables: Record<string, string> = {}) {
  const child = spawn(process.execPath, [path.join(project, "scripts", name), ...args], {
    env: { ...process.env, NODE_ENV: undefined, VITEST: undefined, TEST: undefined, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const exit = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { child, exit, stdout: () => stdout, stderr: () => stderr };
}
