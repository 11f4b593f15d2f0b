// npm run deploy prepares the database, migrations, secrets and Worker, in that order, so that the
// Worker never runs on a database older than itself. wrangler deploy creates queues and Durable
// Objects.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { hasBucket, hasQueue, isMigrated, listDatabases, listSecrets } from "./lib/account.mjs";
import { chooseSecrets } from "./lib/choose-secrets.mjs";
import { orFail, readFlags, readVariables } from "./lib/flags.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { ask, canAsk } from "./lib/questions.mjs";
import { captureScript, fail, root, runTool } from "./lib/tools.mjs";
import { withVariables } from "./lib/wrangler-toml.mjs";

const usage = `npm run deploy -- [flags]

  --catalogue-url URL     the product catalogue                         } these three are
  --embedded-catalogue    fictional products, for a demonstration       } written into
  --location weur         where the database and objects are made:      } wrangler.toml
                          wnam, enam, weur, eeur, apac or oc
  --var NAME:value        overrides a variable, in this deployment only; may be repeated
  --secrets-file FILE     all secrets, as JSON or NAME=value lines; else those not yet set are asked for
  --adopt                 takes over what has our names in the account but is not ours yet
  --env NAME, --name WORKER, --config FILE   as wrangler has them
  --dry-run               checks and bundles; touches no account
  Any other flag goes to wrangler deploy.
  ADMIN_EMAIL, ADMIN_PASSWORD, BETTER_AUTH_SECRET and CLOUDFLARE_API_TOKEN in the environment answer
  for a person.`;

const { flags, rest } = orFail(() =>
  readFlags(process.argv.slice(2), {
    "catalogue-url": "value",
    "embedded-catalogue": "switch",
    location: "value",
    var: "list",
    "secrets-file": "value",
    adopt: "switch",
    env: "value",
    name: "value",
    config: "value",
    "dry-run": "switch",
    help: "switch",
  }),
);
if (flags.help) {
  console.log(usage);
  process.exit(0);
}

await ensureInstalled();

const environment = flags.env ?? process.env.CLOUDFLARE_ENV;
const configFile = path.resolve(flags.config ?? path.join(root, "wrangler.toml"));
const configFlags = ["--config", configFile];
/** `where` is given to every command that works on what the configuration names. */
const where = [...configFlags, ...(environment ? ["--env", environment] : [])];

const given = orFail(() => readVariables(flags.var));
const settings = chooseSettings();
const pairs = Object.entries({ ...settings, ...given }).map((pair) => pair.join(":"));
const variables = pairs.flatMap((pair) => ["--var", pair]);

step("Checking the configuration");
console.log(pairs.join("\n"));
const {
  resources,
  secrets,
  location,
  worker: configured,
  values: checked,
} = await checkConfig(flags["secrets-file"] && path.resolve(flags["secrets-file"]));
// Workers Builds sets the name of the Worker it builds for, and wrangler obeys it too.
const worker = process.env.WRANGLER_CI_OVERRIDE_NAME || (flags.name ?? configured);
const deployFlags = [...where, "--name", worker, ...variables, ...rest];

const oldConfig = readFileSync(configFile, "utf8");
const newConfig = orFail(() => withVariables(oldConfig, environment, settings));

if (flags["dry-run"]) {
  step("Bundling (dry run: nothing is created, migrated or deployed)");
  process.exit(await runTool("wrangler", ["deploy", "--dry-run", ...deployFlags]));
}

step("Looking at the account");
const [databases, present] = await Promise.all([
  listDatabases(where),
  listSecrets(worker, configFlags, environment),
]);
const isOurs = present !== null && secrets.every((name) => present.includes(name));
const found = isOurs ? null : await findTaken();
if (found && !flags.adopt) {
  await askToAdopt(found);
}
const answers = flags["secrets-file"]
  ? { values: Object.fromEntries(secrets.map((name) => [name, checked[name]])) }
  : await chooseSecrets(secrets.filter((name) => !present?.includes(name)));
const secretsFile = writeSecrets(answers.values);
await checkConfig(
  secretsFile,
  secrets.filter((name) => !(name in answers.values)),
);

const { database, bucket } = resources;
const hint = location === null ? [] : ["--location", location];
if (!databases.includes(database) && !resources.databaseId) {
  step(`Creating the database ${database}`);
  await run(["d1", "create", database, ...hint, ...where]);
}
if (found && location !== null && !found.includes(`R2 bucket ${bucket}`)) {
  step(`Creating the R2 bucket ${bucket}`);
  await run(["r2", "bucket", "create", bucket, ...hint, ...where]);
}
step("Migrating the database");
await run(["d1", "migrations", "apply", "DB", "--remote", ...where]);
if (!(await isMigrated(where))) {
  fail(
    `Migrations are left unapplied, and a Worker needs them all: nothing was deployed. ${again()}`,
  );
}

step("Deploying the Worker");
if (answers.generatedPassword) {
  // The password is shown before the secrets are stored, because what comes afterwards may fail.
  console.log(
    `First administrator: ${answers.values.ADMIN_EMAIL}, password ${answers.generatedPassword}`,
  );
  console.log("This password is shown only now.");
}
writeFileSync(configFile, newConfig);
await deploy();
if (newConfig !== oldConfig) {
  console.log(
    `\n${configFile} was changed: commit it, so that whoever deploys next deploys the same.`,
  );
}

function step(text) {
  console.log(`\n→ ${text}`);
}

/**
 * Returns the values to write into wrangler.toml, so that whoever deploys next deploys the same.
 */
function chooseSettings() {
  const { "catalogue-url": url, "embedded-catalogue": isEmbedded, location } = flags;
  if (url !== undefined && isEmbedded) {
    fail("Give --catalogue-url URL or --embedded-catalogue, not both.");
  }
  if ("CATALOGUE_URL" in given || "LOCATION" in given) {
    fail("--var is for this deployment only: give --catalogue-url URL, --location HINT.");
  }
  const catalogue = isEmbedded ? "embedded" : url;
  return {
    ...(catalogue === undefined ? {} : { CATALOGUE_URL: catalogue }),
    ...(location === undefined ? {} : { LOCATION: location }),
  };
}

/**
 * Checks the configuration and the secrets of a file, except those in `set`, which the Worker has
 * already.
 */
async function checkConfig(file, set = []) {
  const args = [...rest, "--command", "deploy", "--config-file", configFile, ...variables];
  args.push(
    ...(environment ? ["--environment", environment] : []),
    ...(file ? ["--secrets-file", file] : []),
    ...(set.length > 0 ? ["--set", ...set] : []),
  );
  const check = await captureScript("check-config.mjs", args);
  if (check.code === 0) {
    return JSON.parse(check.stdout);
  }
  const lacksCatalogue = check.stderr.includes(": CATALOGUE_URL must");
  const remedy = "Give it with --catalogue-url URL, or --embedded-catalogue for a demonstration.";
  return fail(`${check.stderr.trim()}${lacksCatalogue ? `\n${remedy}` : ""}`);
}

/**
 * Returns what exists in the account under our names; it is asked if we never deployed this Worker.
 */
async function findTaken() {
  const { database: name, databaseId, bucket: files, queues } = resources;
  const taken = await Promise.all(
    [
      [`Worker ${worker}`, present !== null],
      // A database that is named by its id was meant by whoever wrote the configuration.
      [`D1 database ${name}`, !databaseId && databases.includes(name)],
      [`R2 bucket ${files}`, hasBucket(files, where)],
      ...queues.map((queue) => [`queue ${queue}`, hasQueue(queue, where)]),
    ].map(async ([what, isThere]) => ((await isThere) ? [what] : [])),
  );
  return taken.flat();
}

async function askToAdopt(taken) {
  if (taken.length === 0) {
    return;
  }
  console.log(`In the account already, and not this Worker's: ${taken.join(", ")}.`);
  const isYes =
    canAsk && /^y(es)?$/iu.test(await ask("Take them over, with what they hold? [y/N] "));
  if (!isYes) {
    fail(
      "Nothing was touched. Choose other names in wrangler.toml, or take these over with --adopt.",
    );
  }
}

/**
 * Deploys the Worker together with its secrets: before the first deploy there is no Worker to put
 * them in.
 */
async function deploy() {
  const file = secretsFile ? ["--secrets-file", secretsFile] : [];
  const args = ["deploy", ...deployFlags, ...file];
  if (!canAsk) {
    await run(args);
    return;
  }
  const report = path.join(temporaryFolder(), "report.ndjson");
  await run(args, { WRANGLER_OUTPUT_FILE_PATH: report });
  const lines = readFileSync(report, "utf8").trim().split("\n");
  const deployed = lines.map((line) => JSON.parse(line)).find(({ type }) => type === "deploy");
  if (!deployed?.targets) {
    // wrangler asks before it deploys, and exits with success if the answer is no
    fail("No Worker was deployed; the database is migrated and the configuration written.");
  }
}

/**
 * Writes the secrets as JSON, because wrangler would interpret some characters of NAME=value lines.
 */
function writeSecrets(values) {
  if (Object.keys(values).length === 0) {
    return undefined;
  }
  const file = path.join(temporaryFolder(), "secrets.json");
  writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
  return file;
}

function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), "deploy-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function run(args, env = {}) {
  const code = await runTool("wrangler", args, { env: { ...process.env, ...env } });
  if (code !== 0) {
    fail(`wrangler ${args[0]} failed. ${again()}`);
  }
}

/**
 * Tells how to continue. A retry needs --adopt while no Worker exists that could own what was made.
 */
function again() {
  const adopt = isOurs || flags.adopt ? "" : " with --adopt";
  return `Once it is mended, the same command${adopt} goes on from there.`;
}
