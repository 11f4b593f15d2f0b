// This script checks the configuration a Worker would get, with the Worker's own rules:
// wrangler.toml (or `--config-file FILE`, of its `--environment NAME`), the secrets of files, and
// `--var NAME:value`, each overriding the one before. With `--command dev`, which begins with a
// demonstration's values, secrets come from `--env-file FILE`s, or else from .dev.vars. With
// `--command deploy` they come from `--secrets-file FILE`, except each `--set NAME`; without such a
// file they are not checked. Any other flag is checked as one of that wrangler command. It prints
// what the caller needs as JSON, or one line and exits with 1.
import path from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { SECRET_NAMES, secretProblem } from "../src/auth/secret-rules.ts";
import { parseConfig } from "../src/config.ts";
import { bindingsProblem, resourcesOf } from "./lib/bindings.mjs";
import { devVars } from "./lib/dev-vars.mjs";
import { readEnvFile, readSecretsFile } from "./lib/env-file.mjs";
import { readFlags, readVariables } from "./lib/flags.mjs";
import { fail, root } from "./lib/tools.mjs";
import { wranglerProblem } from "./lib/wrangler-flags.mjs";

/** DEMONSTRATION overrides wrangler.toml, which holds production's values. */
const DEMONSTRATION = { CATALOGUE_URL: "embedded", DEMO_ENABLED: "true" };

try {
  const { flags, rest } = readFlags(process.argv.slice(2), {
    command: "value",
    "config-file": "value",
    environment: "value",
    var: "list",
    "env-file": "list",
    "secrets-file": "value",
    set: "list",
  });
  const standard = path.join(root, "wrangler.toml");
  const { "config-file": file = standard, environment } = flags;
  const read = (config, env) => readConfig({ config, env }, { hideWarnings: true });
  const config = read(file, environment);
  if (environment && !config.definedEnvironments?.includes(environment)) {
    throw new Error(`${file} has no [env.${environment}]`); // wrangler may use the top level
  }
  const problem = bindingsProblem(config, read(standard, ""), read(file, ""));
  if (problem !== undefined) {
    throw new Error(environment ? `[env.${environment}]: ${problem}` : problem);
  }
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
  const values = { ...(isDev ? DEMONSTRATION : {}), ...stored, ...given };
  if (files.length > 0) {
    const needed = required.filter((name) => !flags.set?.includes(name));
    checkSecrets(needed, values, files);
  }
  const { location } = parseConfig({ ...config.vars, ...values });
  const unfit = wranglerProblem(flags.command, rest);
  if (unfit !== undefined) {
    throw new Error(unfit);
  }
  console.log(
    JSON.stringify({
      names: variables,
      values,
      secrets: required,
      worker: config.name,
      location,
      resources: resourcesOf(config),
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
