import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Account, type Holdings } from "./account";
import { project, temporaryFolder } from "./server";

const SECRETS = {
  ADMIN_EMAIL: "admin@example.com",
  ADMIN_PASSWORD: 'Sun$et #1 "2026" it\'s `so` \\$x ${HOME}',
  BETTER_AUTH_SECRET: "deploy-secret-of-more-than-32-characters",
};

let folder: string;
beforeAll(() => {
  folder = temporaryFolder("deploy-");
});

function fileOf(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** Copies the project's wrangler.toml to a folder of its own, which a deployment may write into. */
function configFile(edit = (text: string) => text): string {
  const file = path.join(temporaryFolder("config-"), "wrangler.toml");
  const text = readFileSync(path.join(project, "wrangler.toml"), "utf8");
  writeFileSync(
    file,
    edit(text)
      .replace('main = "', `main = "${project}`)
      .replaceAll('migrations_dir = "', `migrations_dir = "${project}`),
  );
  return file;
}

async function deploy(args: readonly string[], env: Record<string, string> = {}) {
  const script = path.join(project, "scripts", "deploy.mjs");
  const child = spawn(process.execPath, [script, ...args], {
    cwd: folder,
    env: { ...process.env, WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, output };
}

/** Makes a dry run of a demonstration. */
function dryRun(args: readonly string[]) {
  return deploy(["--dry-run", "--embedded-catalogue", ...args]);
}

/** Deploys to an account that holds something. */
async function deployTo(
  holds: Partial<Holdings>,
  args: readonly string[],
  env: Record<string, string> = {},
  change: (account: Account) => void = () => undefined,
) {
  const account = new Account(holds);
  change(account);
  const accountEnv = await account.open();
  const config = args.includes("--config") ? [] : ["--config", configFile()];
  const end = await deploy([...config, ...args], { ...accountEnv, ...env });
  account.close();
  return { account, ...end };
}

describe("a dry run of npm run deploy", () => {
  const json = (values: object) => JSON.stringify({ ...SECRETS, ...values });

  it.for([
    ["is not there", undefined, "secrets.env: no such file"],
    ["lacks a secret", `ADMIN_EMAIL=${SECRETS.ADMIN_EMAIL}`, "ADMIN_PASSWORD is missing or empty"],
    ["has an empty one", json({ ADMIN_PASSWORD: " " }), "ADMIN_PASSWORD is missing or empty"],
    ["has one that is too short", json({ ADMIN_PASSWORD: "short" }), "ADMIN_PASSWORD needs 12"],
    ["has an unknown one", json({ ADMIN_PASWORD: "x" }), "ADMIN_PASWORD is none of ADMIN_EMAIL"],
    ["is cut short", `{"ADMIN_PASSWORD": "hunter2hunter2`, "secrets.env: not valid JSON"],
  ] as const)("refuses a secrets file that %s, by name", async ([, text, problem]) => {
    const file = path.join(temporaryFolder("secrets-"), "secrets.env");
    if (text !== undefined) {
      writeFileSync(file, text);
    }
    const { code, output } = await dryRun(["--secrets-file", file]);
    expect(code).toBe(1);
    expect(output).toContain(problem);
    expect(output).not.toContain("hunter2");
    expect(output).not.toContain("Bundling");
  });

  it.for([
    [["--secrets-file"], "--secrets-file takes a value"],
    [["--dry-run=false"], "--dry-run takes no value"],
    [["--var", "ADMIN_PASSWORD:a-long-password"], "ADMIN_PASSWORD is none of"],
    [["--kep-vars"], "--kep-vars is none of the flags"],
    [["--location", "europe"], "LOCATION must be empty or one of wnam, enam, weur"],
    [["--catalogue-url", "https://catalogue.example"], "not both"],
    [["--var", "CATALOGUE_URL:https://catalogue.example"], "give --catalogue-url URL"],
    [["--env", "nowhere"], "wrangler.toml has no [env.nowhere]"],
  ] as const)("refuses %j by name", async ([args, problem]) => {
    const { code, output } = await (args[0].startsWith("--dry-run") ? deploy(args) : dryRun(args));
    expect(code).toBe(1);
    expect(output).toContain(problem);
    expect(output).not.toContain("Bundling");
  });

  it("bundles with a secrets file that is right", async () => {
    const { code, output } = await dryRun(["--secrets-file", fileOf("s", json({}))]);
    expect(output).toContain("--dry-run: exiting now");
    expect(code).toBe(0);
  });
});

const applied = readdirSync(path.join(project, "migrations")).filter((name) =>
  name.endsWith(".sql"),
);
const QUEUES = ["pedidos-orders", "pedidos-tasks", "pedidos-dead-letters"];
/** Makes the holdings that an earlier deployment leaves. */
const ours = (): Holdings => ({
  workers: { pedidos: Object.keys(SECRETS) },
  databases: { pedidos: [...applied] },
  buckets: ["pedidos-files"],
  queues: QUEUES,
});
const secretsFile = () => fileOf("s.json", JSON.stringify(SECRETS));
const EMBEDDED = ["--embedded-catalogue"];

function valuesOf(account: Account, worker: string, type: string): Record<string, unknown> {
  return Object.fromEntries(
    (account.deployed[worker] ?? [])
      .filter((each) => each.type === type)
      .map(({ name, text }) => [name, text]),
  );
}

describe("a first deployment", () => {
  const file = configFile();
  const url = "https://catalogue.example/a=$b";
  let account: Account;
  let output: string;

  beforeAll(async () => {
    const text =
      `\u{FEFF}export ADMIN_EMAIL=${SECRETS.ADMIN_EMAIL}\r\n` +
      `ADMIN_PASSWORD="Sun$et #1 \\"2026\\" it's \`so\` \\\\$x \${HOME}" # the first\r\n` +
      `BETTER_AUTH_SECRET='${SECRETS.BETTER_AUTH_SECRET}'\r\n`;
    const args = ["--config", file, "--secrets-file", fileOf("s.env", text)];
    const given = ["--catalogue-url", url, "--location", "weur", "--var", `SOURCE_URL:${url}`];
    const shell = { ADMIN_PASSWORD: "another-of-the-shell" };
    ({ account, output } = await deployTo({}, [...args, ...given], shell));
  });

  it("brings the secrets and variables as they are written", () => {
    expect(valuesOf(account, "pedidos", "secret_text"), output).toEqual(SECRETS);
    expect(valuesOf(account, "pedidos", "plain_text")).toMatchObject({ SOURCE_URL: url });
    for (const secret of Object.values(SECRETS)) {
      expect(output).not.toContain(secret);
    }
  });

  it("is production: no demo, and the catalogue that was named", () => {
    const values = { DEMO_ENABLED: "false", CATALOGUE_URL: url };
    expect(valuesOf(account, "pedidos", "plain_text")).toMatchObject(values);
  });

  it("makes database and files where --location says, and tells the Worker", () => {
    expect(account.changed).toContain(
      'POST d1/database {"name":"pedidos","primary_location_hint":"weur"}',
    );
    expect(account.changed).toContain(
      'POST r2/buckets {"name":"pedidos-files","locationHint":"weur"}',
    );
    expect(valuesOf(account, "pedidos", "plain_text")).toMatchObject({ LOCATION: "weur" });
  });

  it("writes catalogue and location into wrangler.toml, and nothing else", () => {
    const written = readFileSync(file, "utf8");
    expect(written).toContain(`\nCATALOGUE_URL = "${url}" # the catalogue's base URL`);
    expect(written.replace(url, () => "").replace('"weur"', '""')).toBe(
      readFileSync(configFile(), "utf8"),
    );
  });

  it("is followed by others that ask nothing and deploy the same", async () => {
    const second = await deployTo(ours(), ["--config", file]);
    expect(second.code, second.output).toBe(0);
    expect(second.output).not.toContain("In the account already");
    expect(valuesOf(second.account, "pedidos", "secret_text")).toEqual({});
    const values = { CATALOGUE_URL: url, LOCATION: "weur", DEMO_ENABLED: "false" };
    expect(valuesOf(second.account, "pedidos", "plain_text")).toMatchObject(values);
  });
});

describe("nothing is deployed", () => {
  it("with a password nobody could sign in with", async () => {
    const { account, code, output } = await deployTo({}, EMBEDDED, {
      ADMIN_EMAIL: SECRETS.ADMIN_EMAIL,
      ADMIN_PASSWORD: "short",
    });
    expect(output).toContain("ADMIN_PASSWORD needs 12 to 128 characters");
    expect(code).toBe(1);
    expect(account.changed).toEqual([]);
  });

  it("without a catalogue: wrangler.toml as it is names none", async () => {
    const { account, code, output } = await deployTo(ours(), []);
    expect(output).toContain("CATALOGUE_URL must be the http(s) URL of the product catalogue");
    expect(output).toContain("--catalogue-url URL");
    expect(code).toBe(1);
    expect(account.changed).toEqual([]);
  });

  it("while migrations are left, though wrangler calls that a success", async () => {
    const holds = { ...ours(), databases: { pedidos: applied.slice(0, -1) } };
    const { account, code, output } = await deployTo(holds, EMBEDDED, {}, (it) => {
      it.losesMigrations = true;
    });
    expect(output).toContain("Migrations are left unapplied");
    expect(code).toBe(1);
    expect(account.deployed).toEqual({});
  });

  it("over a Worker and what else has our names but is not ours", async () => {
    const holds = { ...ours(), workers: { pedidos: ["BETTER_AUTH_SECRET"] } };
    const args = [...EMBEDDED, "--secrets-file", secretsFile()];
    const { account, code, output } = await deployTo(holds, args);
    const taken = ["Worker pedidos", "D1 database pedidos", "R2 bucket pedidos-files"];
    const all = [...taken, ...QUEUES.map((queue) => `queue ${queue}`)].join(", ");
    expect(output).toContain(`In the account already, and not this Worker's: ${all}.`);
    expect(output).toContain("--adopt");
    expect(code).toBe(1);
    expect(account.changed).toEqual([]);
  });

  it("by a Worker of another --name, on what is the first one's", async () => {
    const args = [...EMBEDDED, "--name", "another", "--secrets-file", secretsFile()];
    const { account, code, output } = await deployTo(ours(), args);
    expect(output).toContain("not this Worker's: D1 database pedidos, R2 bucket pedidos-files");
    expect(code).toBe(1);
    expect(account.changed).toEqual([]);
  });
});

it("takes over what has our names with --adopt", async () => {
  const holds = { ...ours(), workers: {}, databases: { pedidos: [] } };
  const args = [...EMBEDDED, "--adopt", "--secrets-file", secretsFile()];
  const { account, output } = await deployTo(holds, args);
  expect(account.holds.databases["pedidos"]).toEqual(applied);
  expect(Object.keys(account.deployed), output).toEqual(["pedidos"]);
});

describe("an environment", () => {
  /** Repeats everything under names of its own. */
  const staging = (text: string) => {
    const repeated = text
      .slice(text.indexOf("[vars]"))
      .replaceAll(
        /^\[(\[?)(?=vars|secrets|d1_|r2_|queues|ratelimits|durable_)/gm,
        "[$1env.staging.",
      )
      .replaceAll('"pedidos', '"staging')
      .replaceAll('"41', '"42')
      .split(/^(?=\[)/m)
      .filter((section) => /^\[+env\./.test(section));
    return `${text}\n${repeated.join("")}`;
  };

  it("is what every command works on", async () => {
    const file = configFile(staging);
    const args = ["--config", file, "--env", "staging", "--secrets-file", secretsFile()];
    const given = ["--catalogue-url", "https://staging.example", "--location", "apac"];
    const { account, output } = await deployTo(ours(), [...args, ...given]);
    expect(account.holds.databases["staging"], output).toEqual(applied);
    expect(Object.keys(account.deployed), output).toEqual(["pedidos-staging"]);
    const made = account.changed.filter((what) => what.startsWith("POST "));
    expect(made.filter((what) => /pedidos(?!-staging)/.test(what))).toEqual([]);
    const values = { CATALOGUE_URL: "https://staging.example", LOCATION: "apac" };
    expect(valuesOf(account, "pedidos-staging", "plain_text")).toMatchObject(values);
    const written = readFileSync(file, "utf8");
    expect(written).toMatch(/^\[vars\]\nCATALOGUE_URL = "" /m);
    expect(written).toMatch(
      /^\[env\.staging\.vars\]\nCATALOGUE_URL = "https:\/\/staging\.example" /m,
    );
  });

  it.for([
    ["lacks a binding", (text: string) => `${text}\n[env.staging.vars]\n`, "lacks DB"],
    [
      "shares the database of another",
      (text: string) =>
        staging(text).replaceAll('database_name = "staging"', 'database_name = "pedidos"'),
      "d1_databases DB is pedidos, as at the top level",
    ],
    [
      "takes the dead letters of another",
      (text: string) =>
        staging(text).replace(
          'dead_letter_queue = "staging-dead-letters"',
          'dead_letter_queue = "pedidos-dead-letters"',
        ),
      "queues.consumers names pedidos-dead-letters",
    ],
  ] as const)("is refused that %s", async ([, edit, problem]) => {
    const args = ["--config", configFile(edit), "--env", "staging", ...EMBEDDED];
    const { code, output } = await deploy([...args, "--var", "LOG_LEVEL:info", "--dry-run"]);
    expect(output).toContain(problem);
    expect(code).toBe(1);
  });
});
