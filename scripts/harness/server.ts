/** Programs start servers as `npm start` does, and test them from outside. */
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../lib/tools.mjs";
import { removeFolders, temporaryFolder } from "./folders.ts";
import { serveLocally } from "./local-site.ts";
import { killTree } from "./processes.ts";

export interface ServerOptions {
  /** These are given as `--var NAME:value`. */
  vars?: Record<string, string>;
  /** The server starts on the state in this folder, by default a new one. */
  persistTo?: string;
  port?: number;
  /** This module runs in place of src/index.ts. */
  entry?: string;
  /** These flags are for wrangler. */
  flags?: readonly string[];
  /** The project in this folder is started, by default this one. */
  folder?: string;
  /** Shows on stderr what the server prints. */
  logs?: boolean;
}

export interface Server {
  url: string;
  admin: { email: string; password: string };
  persistTo: string;
  run: Run;
  /** Returns everything printed so far. */
  logs: () => string;
  /** Kills every process of the server at once, as a power cut would. */
  kill(): Promise<void>;
  /** Presses Ctrl-C; resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** A run of the script has printed something, and ends somehow. */
export interface Run {
  output: () => string;
  pid: number;
  exit: Promise<number | null>;
  process: ChildProcess;
}

const START_PATIENCE_MS = 120_000;

const started: Run[] = [];

/** Ends every server that still runs and deletes every temporary folder, at once and by force. */
export function cleanUp(): void {
  for (const run of started.splice(0)) {
    if (run.process.exitCode === null && run.process.signalCode === null) {
      killTree(run.pid);
    }
  }
  removeFolders();
}

const admin = { email: "admin@example.com", password: "end-to-end-password-1" };

/**
 * Starts the server as `npm start` does, with secrets and state of its own, and waits until it
 * serves.
 */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { vars = {}, persistTo = newState(options.folder), entry, flags = [] } = options;
  const port = options.port ?? (await freePort());
  // The module comes before any flag that takes a list, which would take it for one more value.
  const args = [...(entry === undefined ? [] : [entry]), "--port", String(port)];
  args.push("--persist-to", persistTo, "--env-file", secretsFile(), ...flags);
  args.push(...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]));
  const run = runStart(args, options.folder);
  for (const stream of options.logs ? [run.process.stdout, run.process.stderr] : []) {
    stream?.on("data", (data: Buffer) => process.stderr.write(data));
  }
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
export function runStart(args: string[], folder = root): Run {
  // Its tools leave temporary files behind when they are killed.
  const temporary = temporaryFolder("tools-");
  // The IPC channel tells it that its starter is gone, whereupon it stops.
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
  const giveUpAt = performance.now() + START_PATIENCE_MS;
  while (!run.output().includes("/admin/")) {
    // wrangler dev waits for somebody to mend a build that failed.
    if (ended || run.output().includes("Build failed") || performance.now() > giveUpAt) {
      throw new Error(
        `The server ${ended ? "ended before it served" : "does not serve"}:\n${run.output()}`,
      );
    }
    await sleep(50);
  }
}

export async function freePort(): Promise<number> {
  const site = await serveLocally(() => undefined);
  site.close();
  return Number(new URL(site.url).port);
}

/** A new state of this version has its tables already where the tests made one to copy. */
function newState(project: string | undefined): string {
  const state = temporaryFolder("state ");
  const migrated = process.env["MIGRATED_STATE"];
  if (migrated !== undefined && project === undefined) {
    cpSync(migrated, state, { recursive: true });
  }
  return state;
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
