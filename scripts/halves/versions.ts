/** The version before this one comes from the history of the repository. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { root } from "../lib/tools.mjs";

/** Names the commit that is deployed; it moves with each release. */
const FILE = path.join(import.meta.dirname, "previous-version");

/**
 * Returns the commit of a ref, by default of the version that is deployed, or null where history
 * lacks it.
 */
export function commitOf(ref = readFileSync(FILE, "utf8").trim()): string | null {
  const { status, stdout } = git(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
  return status === 0 ? stdout.trim() : null;
}

/** Writes the files of a commit to a folder. */
export function checkOut(commit: string, folder: string): void {
  // The project's own index says what its owner has staged, so this uses another.
  const index = `${folder}.index`;
  for (const args of [
    ["read-tree", commit],
    ["checkout-index", "--all", `--prefix=${folder}/`],
  ]) {
    const { status, stderr } = git(args, { GIT_INDEX_FILE: index });
    if (status !== 0) {
      throw new Error(`git ${args.join(" ")}: ${stderr}`);
    }
  }
  rmSync(index);
}

function git(args: string[], env: Record<string, string> = {}) {
  return spawnSync("git", args, {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
}
