import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { project, temporaryFolder } from "./server";

/** What is uploaded as a secret or a variable. */
type Bindings = { name: string; type: string; text?: string }[];

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

async function deploy(args: string[], env: Record<string, string> = {}) {
  const script = path.join(project, "scripts", "deploy.mjs");
  const child = spawn(process.execPath, [script, "--embedded-catalogue", ...args], {
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
    const { code, output } = await deploy(["--dry-run", "--secrets-file", file]);
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
  ] as const)("refuses %j by name", async ([args, problem]) => {
    const dryRun = args[0].startsWith("--dry-run") ? [] : ["--dry-run"];
    const { code, output } = await deploy([...args, ...dryRun]);
    expect(code).toBe(1);
    expect(output).toContain(problem);
    expect(output).not.toContain("Bundling");
  });

  it("bundles with a secrets file that is right", async () => {
    const { code, output } = await deploy(["--dry-run", "--secrets-file", fileOf("s", json({}))]);
    expect(output).toContain("--dry-run: exiting now");
    expect(code).toBe(0);
  });
});

/** As much of an account as a first deploy asks for before it uploads, which is kept and refused. */
describe("what is deployed", () => {
  let uploaded: Bindings = [];
  /** What was asked for but to read. */
  let changed: string[] = [];
  const database = { name: "pedidos", uuid: "11111111-1111-4111-8111-111111111111" };
  const account = createServer((request, response) => void answer(request, response));
  beforeAll(() => new Promise<void>((resolve) => account.listen(0, "127.0.0.1", resolve)));
  afterAll(() => account.close());

  function accountEnv() {
    const { port } = account.address() as AddressInfo;
    return {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
      CLOUDFLARE_API_TOKEN: "x",
      CLOUDFLARE_ACCOUNT_ID: "0123456789abcdef0123456789abcdef",
    };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const of = new URL(request.url ?? "", "http://account").pathname.split("/").slice(5).join("/");
    if (request.method !== "GET") {
      changed.push(`${request.method} ${of}`);
    }
    if (request.method === "PUT" && of === "workers/scripts/pedidos") {
      const metadata = /^\{"main_module".*$/m.exec(Buffer.concat(chunks).toString())?.[0] ?? "{}";
      uploaded = (JSON.parse(metadata) as { bindings: Bindings }).bindings;
    }
    const result = found(of);
    response.statusCode = result === undefined ? 404 : 200;
    const errors = result === undefined ? [{ code: 10090, message: "not found" }] : [];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ success: errors.length === 0, errors, messages: [], result }));
  }

  function found(of: string): unknown {
    const applied = readdirSync(path.join(project, "migrations")).map((name) => ({ name }));
    const answers: [RegExp, unknown][] = [
      [/^d1\/database$/, [database]],
      [/^d1\/database\/pedidos$/, database],
      [/\/query$/, [{ success: true, results: applied, meta: {} }]],
      [/\/(secrets|queues)$/, []],
      [/^queues$/, [{ queue_name: "q", queue_id: "q", producers: [], consumers: [] }]],
      [/^r2\/buckets\//, { name: "pedidos-files" }],
      [/\/deployments$/, { deployments: [] }],
      [/\/subdomain$/, { subdomain: "example" }],
      [/\/settings$/, { bindings: [] }],
    ];
    return answers.find(([pattern]) => pattern.test(of))?.[1];
  }

  it("is nothing with a password nobody could sign in with", async () => {
    changed = [];
    const { code, output } = await deploy([], {
      ...accountEnv(),
      ADMIN_EMAIL: SECRETS.ADMIN_EMAIL,
      ADMIN_PASSWORD: "short",
    });
    expect(output).toContain("ADMIN_PASSWORD needs 12 to 128 characters");
    expect(code).toBe(1);
    expect(changed).toEqual([]);
  });

  it("is the secrets and variables as they are written", async () => {
    const text =
      `\u{FEFF}export ADMIN_EMAIL=${SECRETS.ADMIN_EMAIL}\r\n` +
      `ADMIN_PASSWORD="Sun$et #1 \\"2026\\" it's \`so\` \\\\$x \${HOME}" # the first\r\n` +
      `BETTER_AUTH_SECRET='${SECRETS.BETTER_AUTH_SECRET}'\r\n`;
    const url = "http://catalogue.example:8080/a=$b";
    const args = ["--secrets-file", fileOf("s.env", text), "--var", `SOURCE_URL:${url}`];
    const { output } = await deploy(args, {
      ...accountEnv(),
      ADMIN_PASSWORD: "another-of-the-shell",
    });
    const of = (type: string) =>
      Object.fromEntries(
        uploaded.filter((each) => each.type === type).map(({ name, text: value }) => [name, value]),
      );
    expect(of("secret_text"), output).toEqual(SECRETS);
    expect(of("plain_text")).toMatchObject({ SOURCE_URL: url, DEMO_ENABLED: "false" });
    for (const secret of Object.values(SECRETS)) {
      expect(output).not.toContain(secret);
    }
  });
});
