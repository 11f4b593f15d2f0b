import { cpSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { parseEnv } from "node:util";
import { beforeAll, describe, expect, it, vi } from "vitest";
import {
  childrenOf,
  freePort,
  project,
  runStart,
  startServer,
  stillLiving,
  temporaryFolder,
  untilServing,
} from "./server";

/** Makes a clone with its dependencies, in a path with spaces. */
function clone(): string {
  const folder = path.join(temporaryFolder("clone-"), "dir with spaces");
  const left = new Set(["node_modules", ".git", ".wrangler", ".dev.vars", "dist"]);
  cpSync(project, folder, {
    recursive: true,
    filter: (source) => !left.has(path.relative(project, source)),
  });
  symlinkSync(path.join(project, "node_modules"), path.join(folder, "node_modules"), "junction");
  return folder;
}

async function outcome(run: ReturnType<typeof runStart>) {
  const code = await run.exit;
  return { code, lines: run.output().trim().split("\n") };
}

describe("npm start", () => {
  it("serves, and Ctrl-C leaves no process behind", async () => {
    const server = await startServer();
    const response = await fetch(`${server.url}/healthz`);
    expect(response.status).toBe(200);
    for (const page of ["/", "/pedidos/iniciar", "/api/docs", "/admin/"]) {
      expect(server.logs()).toContain(`${server.url}${page}\n`);
    }
    const children = childrenOf(server.run.pid);
    expect(children.length).toBeGreaterThan(1);
    expect(await server.stop()).toBe(0);
    expect(stillLiving(children)).toEqual([]);
  });

  it("starts again on the same state after being killed", async () => {
    const first = await startServer();
    const children = childrenOf(first.run.pid);
    await first.kill();
    expect(stillLiving(children)).toEqual([]);
    const second = await startServer({
      persistTo: first.persistTo,
      port: Number(new URL(first.url).port),
    });
    expect((await fetch(`${second.url}/healthz`)).status).toBe(200);
    await second.kill();
  });

  it("ends everything and fails when wrangler dies", async () => {
    const server = await startServer();
    const children = childrenOf(server.run.pid);
    process.kill(Math.min(...children), "SIGKILL");
    const run = await outcome(server.run);
    expect(run.code).toBe(1);
    expect(stillLiving(children)).toEqual([]);
  });

  it("names a taken port in one line", async () => {
    const other = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    const { code, lines } = await outcome(runStart(["--port", String(port)]));
    other.close();
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringContaining(`Port ${port} is taken`)]);
    expect(lines[0]).toContain("--port");
  });

  describe("in a new clone, in a path with spaces", () => {
    let folder: string;
    beforeAll(() => {
      folder = clone();
    });

    it("makes secrets, keeps them to their owner and prints the sign-in", async () => {
      const port = await freePort();
      const run = runStart(["--port", String(port)], folder);
      await untilServing(run);
      const file = path.join(folder, ".dev.vars");
      const secrets = parseEnv(readFileSync(file, "utf8"));
      expect(secrets.ADMIN_PASSWORD).toMatch(/^[\w-]{20,}$/);
      expect(secrets.BETTER_AUTH_SECRET).toMatch(/^[\w-]{43,}$/);
      expect(run.output()).toContain("admin@example.com");
      expect(run.output()).toContain(`${secrets.ADMIN_PASSWORD}   (kept in .dev.vars)`);
      expect(run.output()).not.toContain(secrets.BETTER_AUTH_SECRET);
      if (process.platform !== "win32") {
        expect(statSync(file).mode & 0o777).toBe(0o600);
      }
      run.process.kill("SIGINT");
      expect(await run.exit).toBe(0);
    });

    it.for([
      ["a bad value", ["--var", "DISCOUNT_RATE:abc"], "DISCOUNT_RATE"],
      ["an unknown name", ["--var=DISCONT_RATE:0.1"], "DISCONT_RATE"],
      ["no catalogue, though it brings one", ["--var", "CATALOGUE_URL:"], "CATALOGUE_URL must be"],
    ] as const)("names a variable with %s in one line", async ([, args, name]) => {
      const port = await freePort();
      const { code, lines } = await outcome(runStart(["--port", String(port), ...args], folder));
      expect(code).toBe(1);
      expect(lines).toEqual([expect.stringContaining(name)]);
    });

    it("uses .dev.vars as it is written, whatever else the folder and the shell say", async () => {
      const password = 'Sun$et #1 "2026" it\'s `so` \\$x ${HOME}';
      const lines = [
        "\u{FEFF}export ADMIN_EMAIL=admin@example.com # the first",
        `ADMIN_PASSWORD="Sun$et #1 \\"2026\\" it's \`so\` \\\\$x \${HOME}"`,
        "BETTER_AUTH_SECRET='end-to-end-secret-of-more-than-32-characters'",
        "",
      ];
      writeFileSync(path.join(folder, ".dev.vars"), lines.join("\r\n"));
      const others = "ADMIN_PASSWORD=another-of-dot-env\nDEMO_ENABLED=false\n";
      writeFileSync(path.join(folder, ".env"), others);
      vi.stubEnv("ADMIN_PASSWORD", "another-of-the-shell");
      vi.stubEnv("DEMO_ENABLED", "false");
      const port = await freePort();
      const source = "http://example.com:81/a=$b";
      const args = ["--port", String(port), "--persist-to", temporaryFolder("state-")];
      const run = runStart([...args, "--var", `SOURCE_URL:${source}`], folder);
      vi.unstubAllEnvs();
      await untilServing(run);
      const site = `http://localhost:${port}`;
      const signedIn = await fetch(`${site}/api/auth/sign-in/email`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email: "admin@example.com", password }),
      });
      expect(signedIn.status).toBe(200);
      expect(run.output()).toContain(`${password}   (kept in .dev.vars)`);
      expect(await (await fetch(`${site}/`)).text()).toContain(`href="${source}"`);
      expect((await fetch(`${site}/pedidos/iniciar?n=1`)).status).toBe(200);
      run.process.kill("SIGINT");
      expect(await run.exit).toBe(0);
    });

    it.for([
      [["--port"], "--port takes a value"],
      [["--persist-to", "--ip", "127.0.0.1"], "--persist-to takes a value, not --ip"],
      [["--port=-1"], "--port must be a number from 1 to 65535, not -1"],
      [["--port", "abc"], "--port must be a number from 1 to 65535, not abc"],
      [["--port", "70000"], "--port must be a number from 1 to 65535, not 70000"],
      [["--port", "8787", "--port", "8788"], "--port is given twice"],
      [["--var"], "--var takes a value"],
      [["--prot", "9000"], "--prot is none of the flags"],
      [["9000"], "9000 is none of the flags"],
      [["--config", "other.toml"], "--config is none of the flags"],
    ] as const)("refuses %j by name in one line", async ([args, problem]) => {
      const hasPort = args.some((word) => word.startsWith("--port"));
      const port = hasPort ? [] : ["--port", String(await freePort())];
      const { code, lines } = await outcome(runStart([...args, ...port], folder));
      expect(code).toBe(1);
      expect(lines).toEqual([expect.stringContaining(problem)]);
    });

    it.for([
      ["has an unknown name", "ADMIN_PASWORD=x", "ADMIN_PASWORD"],
      ["leaves a quote open", "ADMIN_PASSWORD='hunter2hunter2", "ADMIN_PASSWORD (line 2)"],
      ["has a password that is too short", "ADMIN_PASSWORD=hunter2", "ADMIN_PASSWORD needs 12"],
    ] as const)("refuses a .dev.vars that %s, by name", async ([, line, problem]) => {
      const others = "BETTER_AUTH_SECRET=end-to-end-secret-of-more-than-32-characters";
      writeFileSync(
        path.join(folder, ".dev.vars"),
        `ADMIN_EMAIL=admin@example.com\n${line}\n${others}\n`,
      );
      const { code, lines } = await outcome(runStart(["--port", String(await freePort())], folder));
      expect(code).toBe(1);
      expect(lines).toEqual([expect.stringContaining(problem)]);
      expect(lines[0]).not.toContain("hunter2");
    });

    it("names an empty secret in one line", async () => {
      writeFileSync(
        path.join(folder, ".dev.vars"),
        readFileSync(path.join(folder, ".dev.vars.example")),
      );
      const { code, lines } = await outcome(runStart(["--port", String(await freePort())], folder));
      expect(code).toBe(1);
      expect(lines).toEqual([expect.stringMatching(/ADMIN_EMAIL .*\.dev\.vars/)]);
    });
  });
});
