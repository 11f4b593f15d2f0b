import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { captureTool } from "./tools.mjs";

/**
 * For vitest: makes a state folder whose database has its tables, and names it in MIGRATED_STATE.
 * Servers under test begin with a copy: wrangler needs longer for a dozen migrations than to serve.
 */
export async function setup() {
  const folder = mkdtempSync(path.join(tmpdir(), "migrated-"));
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", folder];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
  const { code, stdout, stderr } = await captureTool("wrangler", args, { env });
  if (code !== 0) {
    throw new Error(`${stdout}${stderr}`);
  }
  process.env["MIGRATED_STATE"] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
