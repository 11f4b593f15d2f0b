import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** The project's folder. */
export const project = fileURLToPath(new URL("../../", import.meta.url).href);

export interface ServerOptions {
  /** Variables, as `--var NAME:value`. */
  vars?: Record<string, string>;
  /** State to start on; a new temporary folder by default. */
  persistTo?: string;
  port?: number;
}

export interface Server {
  url: string;
  admin: { email: string; password: string };
  persistTo: string;
  run: Run;
  /** Everything printed so far. */
  logs: () => string;
  /** Kills every process of the server at once, as a power cut would. */
  kill(): Promise<void>;
  /** Ctrl-C; resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** What the script printed and how it ended. */
export interface Run {
  output: () => string;
  pid: number;
  exit: Promise<number | null>;
  process: ChildProcess;
}

const started: Run[] = [];
const folders: string[] = [];

afterAll(async () => {
  for (const run of started) {
    if (run.process.exitCode === null && run.process.signalCode === null) {
      killTree(run.pid);
      await run.exit;
    }
  }
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});

const admin = { email: "admin@example.com", password: "end-to-end-password-1" };

/** Starts the server as `npm start` does, with secrets and state of its own, and waits until it serves. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const persistTo = options.persistTo ?? temporaryFolder("state ");
  const port = options.port ?? (await freePort());
  const vars = Object.entries(options.vars ?? {}).flatMap(([name, value]) => [
    "--var",
    `${name}:${value}`,
  ]);
  const args = ["--port", String(port), "--persist-to", persistTo, ...vars];
  const run = runStart([...args, "--env-file", secretsFile()]);
  await untilServing(run);
  return {
    url: `http://localhost:${port}`,
    admin,
    persistTo,
    run,
    logs: run.output,
    async kill() {
      killTree(run.pid);
      await run.exit;
    },
    stop() {
      run.process.kill("SIGINT");
      return run.exit;
    },
  };
}

/** Runs scripts/start.mjs, by default of this tree. */
export function runStart(args: string[], folder = project): Run {
  // Over the IPC channel it learns that these tests are gone, and stops.
  const child = spawn(process.execPath, [path.join(folder, "scripts", "start.mjs"), ...args], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: undefined, VITEST: undefined, TEST: undefined },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let output = "";
  child.stdout?.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (output += data.toString()));
  const exit = new Promise<number | null>((resolve) => child.on("close", resolve));
  const run = { output: () => output, pid: child.pid ?? 0, exit, process: child };
  started.push(run);
  return run;
}

/** Waits for the lines that name the console, printed once the Worker answers. */
export async function untilServing(run: Run): Promise<void> {
  let ended = false;
  void run.exit.then(() => (ended = true));
  while (!run.output().includes("/admin/")) {
    if (ended) {
      throw new Error(`The server ended before it served:\n${run.output()}`);
    }
    await sleep(50);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") {
    throw new Error("No free port");
  }
  return address.port;
}

export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), name));
  folders.push(folder);
  return folder;
}

/** The living processes a process started, directly or not. */
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

/** Those of the given processes that still live. */
export function stillLiving(pids: number[]): number[] {
  const living = new Set(livingProcesses().map(([pid]) => Number(pid)));
  return pids.filter((pid) => living.has(pid));
}

function livingProcesses(): string[][] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" });
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => !state?.startsWith("Z"));
}

function killTree(pid: number) {
  for (const each of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // gone by itself
    }
  }
}

function secretsFile(): string {
  const file = path.join(temporaryFolder("secrets-"), ".env");
  const lines = [
    `ADMIN_EMAIL=${admin.email}`,
    `ADMIN_PASSWORD=${admin.password}`,
    "BETTER_AUTH_SECRET=end-to-end-secret-of-more-than-32-characters",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}
