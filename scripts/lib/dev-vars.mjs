import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./tools.mjs";

/** `devVars` is the file of the local server's secrets; git ignores it. */
export const devVars = path.join(root, ".dev.vars");

/** Returns random letters, digits, - and _, which are safe in a URL, a shell and a .env file. */
export function randomSecret(bytes) {
  return randomBytes(bytes).toString("base64url");
}

export function createDevVars() {
  if (existsSync(devVars)) {
    return;
  }
  const lines = [
    "# The first administrator, made when no user exists.",
    "ADMIN_EMAIL=admin@example.com",
    `ADMIN_PASSWORD=${randomSecret(18)}`,
    "# Signs sessions and links.",
    `BETTER_AUTH_SECRET=${randomSecret(48)}`,
  ];
  writeFileSync(devVars, `${lines.join("\n")}\n`, { mode: 0o600, flag: "wx" });
  console.log("Created .dev.vars with random secrets.");
}
