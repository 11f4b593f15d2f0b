import { spawn, spawnSync } from "node:child_process";

const children = new Set();
let stopping = false;

// Whatever ends this script (an error, a second Ctrl-C) must end what it started.
process.on("exit", () => {
  for (const child of children) {
    killTree(child);
  }
});

/**
 * Starts a process that stopAll() can stop. With `detached` it leads a process group of its own, and
 * whatever it leaves behind in that group ends with it: wrangler, killed, leaves workerd and esbuild.
 */
export function launch(command, args, options) {
  const child = spawn(command, args, options);
  child.leadsGroup = Boolean(options.detached) && process.platform !== "win32";
  children.add(child);
  child.on("exit", () => {
    children.delete(child);
    if (child.leadsGroup) {
      killTree(child);
    }
  });
  return child;
}

/**
 * Resolves to the exit code once all output is read; an end by a signal counts as a failure. It
 * never settles after stopAll(), so that nothing continues afterwards.
 */
export function ended(child) {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (!stopping) {
        resolve(code ?? 1);
      }
    });
  });
}

/** Asks every started process to end, and kills it after the grace period. */
export async function stopAll(graceMs = 5000) {
  stopping = true;
  await Promise.all([...children].map((child) => stop(child, graceMs)));
}

function stop(child, graceMs) {
  const gone = new Promise((resolve) => child.on("exit", resolve));
  if (process.platform === "win32") {
    killTree(child); // Windows has no signal that asks politely
  } else {
    child.kill("SIGTERM");
    setTimeout(() => killTree(child), graceMs).unref();
  }
  return gone;
}

function killTree(child) {
  if (process.platform === "win32") {
    spawnSync("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore" });
    return;
  }
  try {
    process.kill(child.leadsGroup ? -child.pid : child.pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") {
      throw error;
    }
  }
}
