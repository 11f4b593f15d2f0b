// Checks the configuration a Worker would get, with the Worker's own rules: wrangler.toml, the secrets
// of `--env-file FILE` (else .dev.vars, unless `--no-secrets`) and `--var NAME:value`, each overriding
// the one before as in `wrangler dev`. Prints what the caller needs as JSON, or one line and exit 1.
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { parseConfig } from "../src/config.ts";
import { readFlags } from "./lib/flags.mjs";
import { fail, root } from "./lib/tools.mjs";

const { flags } = readFlags(process.argv.slice(2), {
  var: "list",
  "env-file": "list",
  "no-secrets": "switch",
});

try {
  const config = readConfig({ config: path.join(root, "wrangler.toml") }, { hideWarnings: true });
  const required = flags["no-secrets"] ? [] : config.secrets.required;
  const known = [...Object.keys(config.vars), ...config.secrets.required];

  const files = flags["env-file"] ?? [path.join(root, ".dev.vars")];
  const stored = flags["no-secrets"] ? {} : Object.assign({}, ...files.map(readEnvFile));
  const given = Object.fromEntries((flags.var ?? []).map(splitVariable));

  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`${unknown} is not a variable of this Worker (known: ${known.join(", ")})`);
  }
  const variables = { ...config.vars, ...pick(stored, known), ...given };
  const missing = required.find((name) => !variables[name]?.trim());
  if (missing !== undefined) {
    throw new Error(`${missing} is missing or empty in ${files.join(", ")}`);
  }
  parseConfig(variables);
  console.log(
    JSON.stringify({
      variables: known,
      secrets: config.secrets.required,
      database: config.d1_databases.find(({ binding }) => binding === "DB").database_name,
      email: variables.ADMIN_EMAIL,
      password: variables.ADMIN_PASSWORD,
      passwordIsStored: !("ADMIN_PASSWORD" in given),
    }),
  );
} catch (error) {
  fail(`Configuration: ${error.message.replaceAll(/\s*\n\s*/gu, "; ")}`);
}

function readEnvFile(file) {
  return parseEnv(readFileSync(file, "utf8"));
}

function splitVariable(text) {
  const colon = text.indexOf(":");
  if (colon < 1) {
    throw new Error(`--var takes NAME:value, not ${text}`);
  }
  return [text.slice(0, colon), text.slice(colon + 1)];
}

function pick(values, names) {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
}
