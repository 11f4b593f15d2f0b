// This file does what only Node can, for unit tests. They are type-checked as Worker code, as
// Node's types would change those of the source, so node.d.mts types it.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../../", import.meta.url));

export function readProjectFile(name) {
  return readFileSync(path.join(project, name), "utf8");
}

export function lintAs(file, source) {
  const folder = mkdtempSync(path.join(tmpdir(), "pedidos-lint-"));
  try {
    copyFileSync(path.join(project, ".oxlintrc.json"), path.join(folder, ".oxlintrc.json"));
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), source);
    const oxlint = path.join(project, "node_modules/oxlint/bin/oxlint");
    const args = [oxlint, "--format", "json", file];
    const run = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    return JSON.parse(run.stdout).diagnostics.map(({ code }) => code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
