/** The server under load: started by scripts/start.mjs on a fresh state, spoken to over HTTP. */
import {
  closeSync,
  cpSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { launch } from "../scripts/lib/processes.mjs";
import { root } from "../scripts/lib/tools.mjs";
import { Client } from "./client.mjs";

const ADMIN = { email: "admin@example.com", password: "benchmark-password-1" };
const SECRETS = [
  `ADMIN_EMAIL=${ADMIN.email}`,
  `ADMIN_PASSWORD=${ADMIN.password}`,
  "BETTER_AUTH_SECRET=benchmark-secret-of-more-than-32-characters",
];

/** wrangler stays when it cannot build a Worker, to build it again once its files change. */
const START_PATIENCE_MS = 120_000;

const folders = new Set();
process.on("exit", () => folders.forEach(remove)); // whatever ends this script

function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  folders.delete(folder);
}

/** Writes a copied folder to the disk, so that the server's own commits do not wait for the copy's. */
function flush(folder) {
  for (const { parentPath, name } of readdirSync(folder, {
    recursive: true,
    withFileTypes: true,
  }).filter((entry) => entry.isFile())) {
    const file = openSync(path.join(parentPath, name), "r+");
    fsyncSync(file);
    closeSync(file);
  }
}

/**
 * Starts the Worker on a state of its own and makes an API key. `entry` is another module to run
 * in place of src/index.ts; `state` a folder to begin with a copy of; `flags` are wrangler's.
 */
export async function startSite({ vars = {}, entry, state, flags = [], quiet = true } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-"));
  folders.add(folder);
  const stateFolder = path.join(folder, "state");
  if (state) {
    cpSync(state, stateFolder, { recursive: true });
    flush(stateFolder);
  }
  const secrets = path.join(folder, "secrets.env");
  writeFileSync(secrets, `${SECRETS.join("\n")}\n`);
  const port = await freePort();
  // First, before any flag that takes a list: wrangler's own argument, the module to run.
  const args = [...(entry ? [entry] : []), "--port", String(port), "--persist-to", stateFolder];
  args.push("--env-file", secrets, ...flags);
  args.push(...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]));
  // Over the IPC channel it learns that this script is gone, and stops.
  const child = launch(process.execPath, [path.join(root, "scripts", "start.mjs"), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: process.platform !== "win32",
  });
  const log = readLog(child, quiet);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await untilServing(log, ended);
  const client = new Client(`http://127.0.0.1:${port}`);
  await client.makeKey(ADMIN);
  return {
    url: `http://127.0.0.1:${port}`,
    client,
    log,
    pid: child.pid,
    stateFolder,
    signIn: () => client.signIn(ADMIN),
    async stop() {
      client.close();
      child.kill("SIGTERM");
      await ended;
      remove(folder);
    },
  };
}

/** Keeps the end of what the server prints, and counts the batches it says it settled. */
function readLog(child, quiet) {
  const log = { text: "", batches: 0, tasksInBatches: 0 };
  let rest = "";
  const read = (data) => {
    log.text = (log.text + data).slice(-100_000);
    const lines = (rest + data).split("\n");
    rest = lines.pop() ?? "";
    for (const [, tasks] of lines.join("\n").matchAll(/"batch\.settled".*?"tasks":(\d+)/gu)) {
      log.batches += 1;
      log.tasksInBatches += Number(tasks);
    }
    if (!quiet) {
      process.stderr.write(data);
    }
  };
  child.stdout.setEncoding("utf8").on("data", read);
  child.stderr.setEncoding("utf8").on("data", read);
  return log;
}

async function untilServing(log, ended) {
  let over = false;
  void ended.then(() => (over = true));
  const giveUpAt = performance.now() + START_PATIENCE_MS;
  while (!log.text.includes("/admin/")) {
    if (over || performance.now() > giveUpAt) {
      throw new Error(
        `The server ${over ? "ended before it served" : "does not serve"}:\n${log.text}`,
      );
    }
    await sleep(50);
  }
}

export function freePort() {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
