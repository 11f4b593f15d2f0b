// npm run deploy: database, migrations, secrets and Worker, in that order: the Worker never runs on a
// database older than itself. Queues and Durable Objects are made by wrangler deploy.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { randomSecret } from "./lib/dev-vars.mjs";
import { orFail, readFlags, readVariables } from "./lib/flags.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { ask, canAsk } from "./lib/questions.mjs";
import { captureScript, captureTool, fail, runTool } from "./lib/tools.mjs";

const usage = `npm run deploy -- [flags]

  --catalogue-url URL     the product catalogue
  --embedded-catalogue    the catalogue inside the Worker, for a demonstration
  --var NAME:value        overrides a variable of wrangler.toml; may be repeated
  --secrets-file FILE     all secrets, as JSON or NAME=value lines; else those not yet set are asked for
  --dry-run               checks and bundles; touches no account
  Any other flag goes to wrangler deploy.
  ADMIN_EMAIL, ADMIN_PASSWORD and CLOUDFLARE_API_TOKEN in the environment answer for a person.`;

const { flags, rest } = orFail(() =>
  readFlags(process.argv.slice(2), {
    "catalogue-url": "value",
    "embedded-catalogue": "switch",
    var: "list",
    "secrets-file": "value",
    "dry-run": "switch",
    help: "switch",
  }),
);
if (flags.help) {
  console.log(usage);
  process.exit(0);
}

await ensureInstalled();

const given = orFail(() => readVariables(flags.var));
const pairs = Object.entries({
  CATALOGUE_URL: await chooseCatalogue(),
  DEMO_ENABLED: "false",
  ...given,
}).map((pair) => pair.join(":"));
const variables = pairs.flatMap((pair) => ["--var", pair]);

step("Checking the configuration");
console.log(pairs.join("\n"));
const {
  database,
  secrets,
  values: checked,
} = await checkConfig(flags["secrets-file"] && path.resolve(flags["secrets-file"]));

if (flags["dry-run"]) {
  step("Bundling (dry run: nothing is created, migrated or deployed)");
  process.exit(await runTool("wrangler", ["deploy", "--dry-run", ...variables, ...rest]));
}

step("Looking at the account");
const databases = await accountJson(["d1", "list", "--json"]);
const answers = flags["secrets-file"]
  ? { values: Object.fromEntries(secrets.map((name) => [name, checked[name]])) }
  : await chooseSecrets(await missingSecrets());
const secretsFile = writeSecrets(answers.values);
await checkConfig(
  secretsFile,
  secrets.filter((name) => !(name in answers.values)),
);

if (!databases.some(({ name }) => name === database)) {
  step(`Creating the database ${database}`);
  await run(["d1", "create", database]);
}
step("Migrating the database");
await run(["d1", "migrations", "apply", "DB", "--remote"]);

step("Deploying the Worker");
await deploy();
if (answers.generatedPassword) {
  console.log(
    `\nFirst administrator: ${answers.values.ADMIN_EMAIL}, password ${answers.generatedPassword}`,
  );
  console.log("This password is shown only now.");
}

function step(text) {
  console.log(`\n→ ${text}`);
}

/** The embedded catalogue is a demonstration: in production only when asked for by name. */
async function chooseCatalogue() {
  if (given.CATALOGUE_URL !== undefined) {
    fail("Give the catalogue with --catalogue-url URL.");
  }
  if (flags["embedded-catalogue"]) {
    return flags["catalogue-url"] === undefined
      ? ""
      : fail("Give --catalogue-url URL or --embedded-catalogue, not both.");
  }
  const url =
    flags["catalogue-url"] ?? (canAsk ? await ask("URL of the product catalogue: ") : undefined);
  return (
    url?.trim() ||
    fail(
      "No product catalogue: give --catalogue-url URL, or --embedded-catalogue for a demonstration.",
    )
  );
}

/** Of secrets in a file, all but some that are set already. */
async function checkConfig(file, set = []) {
  const args = [...rest, "--command", "deploy", ...variables];
  args.push(
    ...(file ? ["--secrets-file", file] : []),
    ...(set.length > 0 ? ["--set", ...set] : []),
  );
  const check = await captureScript("check-config.mjs", args);
  return check.code === 0 ? JSON.parse(check.stdout) : fail(check.stderr.trim());
}

async function accountJson(args) {
  const result = await captureTool("wrangler", args);
  if (result.code === 0) {
    return JSON.parse(result.stdout);
  }
  console.error(`${result.stdout}${result.stderr}`.trim());
  return fail(
    "Sign in with npx wrangler login, or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.",
  );
}

/** Required secrets the Worker does not have yet: all of them before the first deploy. */
async function missingSecrets() {
  const result = await captureTool("wrangler", ["secret", "list", "--format", "json"]);
  if (result.code !== 0 && !/Worker ".*" not found/u.test(result.stderr + result.stdout)) {
    console.error(`${result.stdout}${result.stderr}`.trim());
    return fail("The Worker's secrets could not be listed.");
  }
  const present = result.code === 0 ? JSON.parse(result.stdout).map(({ name }) => name) : [];
  return secrets.filter((name) => !present.includes(name));
}

async function chooseSecrets(missing) {
  const values = {};
  let generatedPassword;
  for (const name of missing) {
    if (process.env[name]) {
      values[name] = process.env[name];
    } else if (name === "BETTER_AUTH_SECRET") {
      values[name] = randomSecret(48);
    } else if (!canAsk) {
      fail(`${name} is not set: give it in the environment or in --secrets-file FILE.`);
    } else if (name === "ADMIN_PASSWORD") {
      const question =
        "Password of the first administrator (empty: a random one, shown at the end): ";
      values[name] =
        (await ask(question, { hidden: true })) || (generatedPassword = randomSecret(18));
    } else {
      values[name] =
        (await ask(name === "ADMIN_EMAIL" ? "Email of the first administrator: " : `${name}: `)) ||
        fail(`${name} must not be empty.`);
    }
  }
  return { values, generatedPassword };
}

/** Secrets go with the deploy: before the first one there is no Worker to put them in. */
async function deploy() {
  const file = secretsFile ? ["--secrets-file", secretsFile] : [];
  await run(["deploy", ...variables, ...file, ...rest]);
}

/** As JSON: of NAME=value lines wrangler would take some characters for its own. */
function writeSecrets(values) {
  if (Object.keys(values).length === 0) {
    return undefined;
  }
  const folder = mkdtempSync(path.join(tmpdir(), "deploy-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, "secrets.json");
  writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
  return file;
}

async function run(args) {
  const code = await runTool("wrangler", args);
  if (code !== 0) {
    fail(`wrangler ${args[0]} failed; once it is mended, npm run deploy goes on from there.`);
  }
}
