import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { root } from "./tools.mjs";

/** ENTRIES maps the name in dist/ to the source file. */
const ENTRIES = {
  console: "src/admin/console.css",
  "page.client": "src/admin/shared/client/page.client.js",
  "task-monitor.client": "src/task-monitor/task-monitor.client.js",
};

/**
 * Writes to dist/ what browsers get, each with its imports in one minified file. vitest calls it
 * too, as its global setup.
 */
export async function setup() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: "dist",
    bundle: true,
    minify: true,
    format: "esm",
    charset: "utf8",
    write: false,
  });
  for (const { path: file, text } of outputFiles) {
    write(file, text);
  }
}

/**
 * Writes only what has changed, and atomically, because servers and tests that run at the same time
 * read these files.
 */
function write(file, text) {
  if (read(file) === text) {
    return;
  }
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
