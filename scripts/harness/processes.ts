import { spawnSync } from "node:child_process";

/** Returns the living processes that a process started, directly or not. */
export function childrenOf(pid: number): number[] {
  const processes = livingProcesses();
  const found = [pid];
  for (const parent of found) {
    found.push(
      ...processes.filter(([, of]) => Number(of) === parent).map(([child]) => Number(child)),
    );
  }
  return found.slice(1);
}

/** Returns those of the given processes that still live. */
export function stillLiving(pids: number[]): number[] {
  const living = new Set(livingProcesses().map(([pid]) => Number(pid)));
  return pids.filter((pid) => living.has(pid));
}

/** Sends SIGKILL to a process and all it started. */
export function killTree(pid: number): void {
  for (const each of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

function livingProcesses(): string[][] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" });
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => !state?.startsWith("Z"));
}
