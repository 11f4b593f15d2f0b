/** Servers as `npm start` runs them, for programs that test them from outside. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Queues } from "../../test/platform/queues.ts";
import type { PlatformSettings } from "../../test/platform/settings.ts";
import { killTree } from "./processes.ts";

/** The project's folder. */
export const project = fileURLToPath(new URL("../../", import.meta.url).href);

export interface ServerOptions {
  /** Variables, as `--var NAME:value`. */
  vars?: Record<string, string>;
  /** State to start on; a new temporary folder by default. */
  persistTo?: string;
  port?: number;
  /** The strict platform in place of the local one (test/platform), and what it is like. */
  platform?: { queues: Queues; settings?: Partial<PlatformSettings> };
  /** Of the project that is started; this one's by default. */
  folder?: string;
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

/** Ends every server that still runs and deletes every folder made here, at once and by force. */
export function cleanUp(): void {
  for (const run of started.splice(0)) {
    if (run.process.exitCode === null && run.process.signalCode === null) {
      killTree(run.pid);
    }
  }
  for (const folder of folders.splice(0)) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

const admin = { email: "admin@example.com", password: "end-to-end-password-1" };

/** Starts the server as `npm start` does, with secrets and state of its own, and waits until it serves. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const persistTo = options.persistTo ?? temporaryFolder("state ");
  const port = options.port ?? (await freePort());
  const vars = Object.entries(options.vars ?? {}).flatMap(([name, value]) => [
    "--var",
    `${name}:${value}`,
  ]);
  const platform = options.platform?.queues.argumentsFor(options.platform.settings ?? {});
  const args = [...(platform ? [platform.entry] : []), "--port", String(port)];
  args.push("--persist-to", persistTo, ...(platform?.flags ?? []), ...vars);
  const run = runStart([...args, "--env-file", secretsFile()], options.folder);
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
  // Killed, its tools leave their temporary files behind.
  const temporary = temporaryFolder("tools-");
  // Over the IPC channel it learns that its starter is gone, and stops.
  const child = spawn(process.execPath, [path.join(folder, "scripts", "start.mjs"), ...args], {
    cwd: folder,
    env: {
      ...process.env,
      NODE_ENV: undefined,
      VITEST: undefined,
      TEST: undefined,
      TMPDIR: temporary,
      TEMP: temporary,
      TMP: temporary,
    },
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
    // wrangler dev would wait for somebody to mend it.
    if (ended || run.output().includes("Build failed")) {
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
