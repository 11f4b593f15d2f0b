import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ended, launch } from "./processes.mjs";

/** `root` is the project's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Prints one line and ends with exit code 1. */
export function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Runs an installed tool to its end on this terminal; resolves to its exit code. */
export function runTool(tool, args, options = {}) {
  return ended(startTool(tool, args, options));
}

/**
 * Starts an installed tool by its JavaScript entry rather than a shell, so that any character in a
 * path will do.
 */
export function startTool(tool, args, options = {}) {
  return launch(toolNode(), [entry(tool), ...args], { cwd: root, stdio: "inherit", ...options });
}

/** Runs a file of the project, TypeScript too, to its end on the tools' Node. */
export function runFile(file, args, options = {}) {
  const command = [path.join(root, file), ...args];
  return ended(launch(toolNode(), command, { cwd: root, stdio: "inherit", ...options }));
}

/** Runs an installed tool to its end and keeps what it prints. */
export function captureTool(tool, args, options = {}) {
  return capture(entry(tool), args, options);
}

/** Runs a script in scripts/ on the tools' Node and keeps what it prints. */
export function captureScript(name, args, options = {}) {
  return capture(path.join(root, "scripts", name), args, options);
}

async function capture(file, args, options) {
  const child = launch(toolNode(), [file, ...args], {
    cwd: root,
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  return { code: await ended(child), stdout, stderr };
}

/**
 * Returns the Node that the tools run on. The one that runs this script may be Node 20, too old for
 * wrangler and vitest; the dev dependency `node` is recent whatever the machine has.
 */
function toolNode() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const installed = path.join(root, "node_modules", "node", "bin", name);
  if (existsSync(installed)) {
    return installed;
  }
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) {
    return process.execPath; // npm ran no install scripts, but this Node is recent enough
  }
  return fail(
    `Node ${process.versions.node} is too old for the tools, and node_modules lacks its own: ` +
      "run npm ci with install scripts allowed, or use Node 22.18 or newer.",
  );
}

function entry(tool) {
  const folder = path.join(root, "node_modules", tool === "tsc" ? "typescript" : tool);
  const { bin } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  return path.join(folder, typeof bin === "string" ? bin : bin[tool]);
}
