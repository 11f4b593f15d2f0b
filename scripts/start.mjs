// npm start does everything a fresh clone needs to run the Worker here, then runs `wrangler dev`.
import http from "node:http";
import https from "node:https";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createDevVars } from "./lib/dev-vars.mjs";
import { orFail, readFlags } from "./lib/flags.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { portProblem } from "./lib/ports.mjs";
import { ended, stopAll } from "./lib/processes.mjs";
import { captureScript, captureTool, fail, root, startTool } from "./lib/tools.mjs";

const usage = `npm start -- [flags]

  --port N            port to listen on (8787)
  --ip ADDRESS        address to listen on (127.0.0.1)
  --persist-to DIR    where the database, queues and objects live (.wrangler/state)
  --var NAME:value    overrides a variable of wrangler.toml; may be repeated
  --env-file FILE     takes the secrets from FILE instead of .dev.vars; may be repeated
  Any other flag goes to wrangler dev; --inspector-port N opens its debugger.`;

const { flags, rest } = orFail(() =>
  readFlags(process.argv.slice(2), {
    port: "value",
    ip: "value",
    "persist-to": "value",
    "env-file": "list",
    var: "list",
    help: "switch",
  }),
);
if (flags.help) {
  console.log(usage);
  process.exit(0);
}

let stopped = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => void stop());
}
process.on("disconnect", () => void stop()); // the program that started this one over IPC is gone

const port = flags.port ?? "8787";
const ip = flags.ip ?? "127.0.0.1";
const stateFolder = path.resolve(flags["persist-to"] ?? path.join(root, ".wrangler", "state"));
const envFiles = (flags["env-file"] ?? []).map((file) => path.resolve(file));
const configFlags = [
  ...envFiles.flatMap((file) => ["--env-file", file]),
  ...(flags.var ?? []).flatMap((pair) => ["--var", pair]),
];
// Child processes get groups of their own, so that Ctrl-C reaches only this script, which ends them
// in order.
const ownGroup = { detached: process.platform !== "win32" };

await ensureInstalled(ownGroup);
const problem = await portProblem(port, ip);
if (problem) {
  fail(problem);
}
if (envFiles.length === 0) {
  createDevVars();
}
const { names, values, passwordIsStored } = await checkConfig();
const env = environment();
await migrate();
const wrangler = serve();
void announce();
const code = await ended(wrangler);
console.error(`wrangler dev ended by itself (exit code ${code}).`);
process.exit(code || 1);

async function stop() {
  if (stopped) {
    process.exit(1); // a second Ctrl-C ends everything at once
  }
  stopped = true;
  await stopAll();
  process.exit(0);
}

async function checkConfig() {
  const args = [...rest, "--command", "dev", ...configFlags];
  const check = await captureScript("check-config.mjs", args, ownGroup);
  if (check.code !== 0) {
    fail(check.stderr.trim());
  }
  return JSON.parse(check.stdout);
}

/**
 * Returns wrangler's environment: no network, no queue shared with another server, and the Worker's
 * variables and secrets, which wrangler takes from the environment unchanged.
 */
function environment() {
  const debugs = rest.some((flag) => flag.startsWith("--inspector"));
  // Servers that find each other in one registry take each other's queue messages.
  const registry = path.join(stateFolder, "registry", port);
  rmSync(registry, { recursive: true, force: true });
  const variables = {
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true", // this also turns off the question for a newer version
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    // Writing each span of each call to a database of its own costs as much CPU as the orders do.
    X_LOCAL_OBSERVABILITY: "false",
    X_LOCAL_EXPLORER: "false", // wrangler's own pages of bindings cost CPU too
    // While wrangler's inspector listens, a line of log costs a millisecond more of CPU. wrangler
    // leaves it off if VS Code's debugger seems to attach by itself, which this variable says.
    ...(debugs ? {} : { VSCODE_INSPECTOR_OPTIONS: "{}" }),
    ...process.env,
    WRANGLER_REGISTRY_PATH: registry,
  };
  // The shell's variables of these names would otherwise override wrangler.toml's.
  for (const name of names) {
    delete variables[name];
  }
  return Object.assign(variables, values);
}

async function migrate() {
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateFolder];
  const migration = await captureTool("wrangler", args, { ...ownGroup, env });
  if (migration.code !== 0) {
    console.error(`${migration.stdout}${migration.stderr}`.trim());
    fail(`The local database in ${stateFolder} could not be migrated.`);
  }
}

function serve() {
  // The caller's words come first, because a module to run would be taken for another value of a
  // list.
  const args = ["dev", ...rest, "--port", port, "--ip", ip, "--persist-to", stateFolder];
  // Without an --env-file wrangler would read .dev.vars or .env itself, by rules of its own.
  const emptyFile = path.join(stateFolder, "empty.env");
  writeFileSync(emptyFile, "");
  args.push("--env-file", emptyFile);
  if (!rest.some((flag) => flag.includes("show-interactive-dev-session"))) {
    args.push("--show-interactive-dev-session=false"); // wrangler's hotkeys would also take Ctrl-C
  }
  return startTool("wrangler", args, { ...ownGroup, env });
}

async function announce() {
  const scheme = rest.join("=").includes("local-protocol=https") ? "https" : "http";
  const host = ["127.0.0.1", "0.0.0.0", "::", "::1", "*"].includes(ip) ? "localhost" : ip;
  const url = `${scheme}://${host}:${port}`;
  while (!(await answers(`${url}/healthz`))) {
    await sleep(100);
  }
  const password = passwordIsStored && envFiles.length === 0 ? values.ADMIN_PASSWORD : undefined;
  console.log(`
  Site       ${url}/
  Demo       ${url}/pedidos/iniciar
  API docs   ${url}/api/docs
  Console    ${url}/admin/

  First administrator, made when no user exists:
  Email      ${values.ADMIN_EMAIL}
  Password   ${password ? `${password}   (kept in .dev.vars)` : "as you gave it"}

  Ctrl-C stops the server.
`);
}

function answers(url) {
  const { get } = url.startsWith("https:") ? https : http;
  return new Promise((resolve) => {
    const request = get(url, { rejectUnauthorized: false, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}
