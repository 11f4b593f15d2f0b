/** This file asks wrangler what an account holds. `flags` choose the configuration. */
import { captureTool, fail } from "./tools.mjs";

/** Returns the names of the account's databases. */
export async function listDatabases(flags) {
  const result = await captureTool("wrangler", ["d1", "list", "--json", ...flags]);
  if (result.code !== 0) {
    console.error(textOf(result));
    fail("Sign in with npx wrangler login, or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.");
  }
  return JSON.parse(result.stdout).map(({ name }) => name);
}

/** Returns the names of a Worker's secrets; null when there is no such Worker. */
export async function listSecrets(worker, flags, environment = "") {
  const args = ["secret", "list", "--format", "json", "--name", worker, ...flags];
  // wrangler appends --env to --name in this command alone, but the name is complete already.
  const env = { ...process.env, CLOUDFLARE_ENV: environment };
  const result = await captureTool("wrangler", args, { env });
  if (result.code === 0) {
    return JSON.parse(result.stdout).map(({ name }) => name);
  }
  return /Worker ".*" not found/u.test(textOf(result)) ? null : refuse(result, "secrets");
}

/**
 * Asks about this bucket alone, since the list of all ends after a page. `info` would need other
 * rights.
 */
export async function hasBucket(name, flags) {
  const result = await captureTool("wrangler", [
    "r2",
    "bucket",
    "lifecycle",
    "list",
    name,
    ...flags,
  ]);
  if (result.code === 0) {
    return true;
  }
  return /code: 10006/u.test(textOf(result)) ? false : refuse(result, "R2 buckets");
}

export async function hasQueue(name, flags) {
  const result = await captureTool("wrangler", ["queues", "info", name, ...flags]);
  if (result.code === 0) {
    return true;
  }
  return textOf(result).includes("does not exist") ? false : refuse(result, "queues");
}

/**
 * Tells whether a database has all migrations. `apply` does not tell: it exits with success when it
 * is refused.
 */
export async function isMigrated(flags) {
  const args = ["d1", "migrations", "list", "DB", "--remote", ...flags];
  const result = await captureTool("wrangler", args);
  return result.code === 0
    ? result.stdout.includes("No migrations to apply")
    : refuse(result, "migrations");
}

function refuse(result, what) {
  console.error(textOf(result));
  return fail(`The ${what} could not be listed.`);
}

function textOf({ stdout, stderr }) {
  return `${stdout}${stderr}`.trim();
}
