import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ended, launch } from "./processes.mjs";
import { fail, root } from "./tools.mjs";

/** Runs `npm ci` unless node_modules already holds what package-lock.json asks for. */
export async function ensureInstalled(options = {}) {
  if (isInstalled()) {
    return;
  }
  console.log("Installing dependencies…");
  const code = await ended(npm(["ci", "--include=dev", "--loglevel=error"], options));
  if (code !== 0) {
    fail("The dependencies could not be installed: see npm's message above.");
  }
}

/** Compares with the copy that npm keeps of what it installed, so an install by hand counts too. */
function isInstalled() {
  const installed = packagesIn(path.join("node_modules", ".package-lock.json"));
  const wanted = packagesIn("package-lock.json");
  return Object.entries(wanted).every(([folder, { version, optional, devOptional }]) =>
    folder === "" || installed[folder]?.version === version
      ? true
      : installed[folder] === undefined && Boolean(optional || devOptional),
  );
}

function packagesIn(file) {
  const lock = path.join(root, file);
  return existsSync(lock) ? JSON.parse(readFileSync(lock, "utf8")).packages : {};
}

function npm(args, options) {
  const spawnOptions = { cwd: root, stdio: "inherit", ...options };
  const cli = process.env.npm_execpath;
  if (cli && path.basename(cli) === "npm-cli.js") {
    return launch(process.execPath, [cli, ...args], spawnOptions);
  }
  // Windows has npm.cmd, which only a shell runs; the arguments are fixed words, so that is safe.
  return launch("npm", args, { ...spawnOptions, shell: process.platform === "win32" });
}
