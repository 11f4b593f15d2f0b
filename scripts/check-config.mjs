// Checks the configuration a Worker would get, with the Worker's own rules: wrangler.toml, the secrets
// of files, and `--var NAME:value`, each overriding the one before. For `--command dev` the secrets are
// those of `--env-file FILE`s, else of .dev.vars; for `--command deploy` those of `--secrets-file FILE`
// but for each `--set NAME`, or they are not looked at. Any other flag is checked as one of that command
// of wrangler's. Prints what the caller needs as JSON, or one line and exit 1.
import path from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { SECRET_NAMES, secretProblem } from "../src/auth/secret-rules.ts";
import { parseConfig } from "../src/config.ts";
import { devVars } from "./lib/dev-vars.mjs";
import { readEnvFile, readSecretsFile } from "./lib/env-file.mjs";
import { readFlags, readVariables } from "./lib/flags.mjs";
import { fail, root } from "./lib/tools.mjs";
import { wranglerProblem } from "./lib/wrangler-flags.mjs";

try {
  const { flags, rest } = readFlags(process.argv.slice(2), {
    command: "value",
    var: "list",
    "env-file": "list",
    "secrets-file": "value",
    set: "list",
  });
  const config = readConfig({ config: path.join(root, "wrangler.toml") }, { hideWarnings: true });
  const { required } = config.secrets;
  const isDev = flags.command === "dev";
  const variables = isDev ? [...Object.keys(config.vars), ...required] : Object.keys(config.vars);

  const given = readVariables(flags.var);
  refuseUnknown(given, variables, "--var");
  const files = isDev ? (flags["env-file"] ?? [devVars]) : [flags["secrets-file"] ?? []].flat();
  const stored = {};
  for (const file of files) {
    const values = isDev ? readEnvFile(file) : readSecretsFile(file);
    refuseUnknown(values, isDev ? variables : required, file);
    Object.assign(stored, values);
  }
  const values = { ...stored, ...given };
  if (files.length > 0) {
    const needed = required.filter((name) => !flags.set?.includes(name));
    checkSecrets(needed, values, files);
  }
  parseConfig({ ...config.vars, ...values });
  const problem = wranglerProblem(flags.command, rest);
  if (problem !== undefined) {
    throw new Error(problem);
  }
  console.log(
    JSON.stringify({
      names: variables,
      values,
      secrets: required,
      database: config.d1_databases.find(({ binding }) => binding === "DB").database_name,
      passwordIsStored: !("ADMIN_PASSWORD" in given),
    }),
  );
} catch (error) {
  fail(`Configuration: ${error.message.replaceAll(/\s*\n\s*/gu, "; ")}`);
}

function refuseUnknown(values, known, where) {
  const unknown = Object.keys(values).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`${where}: ${unknown} is none of ${known.join(", ")}`);
  }
}

function checkSecrets(needed, values, files) {
  const missing = needed.find((name) => !values[name]?.trim());
  if (missing !== undefined) {
    throw new Error(`${missing} is missing or empty in ${files.join(", ")}`);
  }
  for (const name of SECRET_NAMES.filter((each) => each in values)) {
    const problem = secretProblem(values, name);
    if (problem !== null) {
      throw new Error(`${name} ${problem}`);
    }
  }
}
