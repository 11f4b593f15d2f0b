/** This project is put together from two versions, and runs both once it is started. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { unstable_readConfig as readConfig, unstable_splitSqlQuery as split } from "wrangler";
import { temporaryFolder } from "../harness/folders.ts";
import { root } from "../lib/tools.mjs";
import type { Migration, Mode } from "./contract.ts";
import { checkOut } from "./versions.ts";

const OF_THE_CURRENT = ["package.json", "package-lock.json", "tsconfig.json", "scripts", "src"];
const ENTRY = "halves.ts";

type Config = ReturnType<typeof readConfig>;

export class BothVersions {
  readonly folder: string;
  /** wrangler.toml binds these classes of objects. */
  readonly classes: string[];
  /** The current version has these migrations. */
  readonly migrations: Migration[];
  readonly #sides: Record<string, { bindings: string[]; vars: Record<string, string> }>;

  /** `vars` are laid over those of either's wrangler.toml that has them. */
  constructor(commit: string, vars: Record<string, string>) {
    this.folder = temporaryFolder("halves-");
    const previous = path.join(this.folder, "previous");
    checkOut(commit, previous);
    for (const name of OF_THE_CURRENT) {
      cpSync(path.join(root, name), path.join(this.folder, name), { recursive: true });
    }
    const modules = path.join(root, "node_modules");
    symlinkSync(modules, path.join(this.folder, "node_modules"), "junction");
    bundle(previous);
    // A server migrates to these at its start.
    cpSync(path.join(previous, "migrations"), path.join(this.folder, "migrations"), {
      recursive: true,
    });
    const toml = readFileSync(path.join(root, "wrangler.toml"), "utf8");
    const withEntry = toml.replace(/^main = .*$/m, `main = "${ENTRY}"`);
    writeFileSync(path.join(this.folder, "wrangler.toml"), withEntry);

    const current = configOf(this.folder);
    this.classes = objectsOf(current).map(({ class_name: name }) => name);
    this.migrations = readMigrations(path.join(root, "migrations"));
    this.#sides = {
      previous: sideOf(configOf(previous), vars),
      current: sideOf(current, vars),
    };
  }

  /** Writes the module that the next server runs. */
  write(mode: Mode): void {
    const bed = path.join(root, "test", "support", "side-by-side");
    const side = (name: string) =>
      `${name}: { version: ${name} as unknown as Version, ...${JSON.stringify(this.#sides[name])} }`;
    const objects = this.classes.map((name) => `export const ${name} = object("${name}");\n`);
    writeFileSync(
      path.join(this.folder, ENTRY),
      `import * as current from "./src/index";
import * as previous from "./previous/src/index";
import { sideBySide, type Version } from ${JSON.stringify(bed)};

const { handlers, object } = sideBySide(
  { ${side("previous")}, ${side("current")} },
  ${JSON.stringify(mode)},
);
export default handlers;
export { EmbeddedCatalogue } from "./src/index";
${objects.join("")}`,
    );
  }
}

/**
 * Bundles what a version's Worker serves to browsers, as wrangler would do for the version alone.
 */
function bundle(folder: string): void {
  const script = path.join(folder, "scripts", "bundle.mjs");
  if (existsSync(script) && spawnSync(process.execPath, [script]).status !== 0) {
    throw new Error(`${script} failed`);
  }
}

function configOf(folder: string): Config {
  return readConfig({ config: path.join(folder, "wrangler.toml") }, { hideWarnings: true });
}

function objectsOf(config: Config): { name: string; class_name: string }[] {
  return config.durable_objects.bindings;
}

function sideOf(config: Config, overlay: Record<string, string>) {
  const own = config.vars as Record<string, string>;
  const laid = Object.entries(overlay).filter(([name]) => name in own);
  const { d1_databases, r2_buckets, queues, ratelimits } = config;
  const bindings = [
    ...[d1_databases, r2_buckets, queues.producers ?? []].flat().map(({ binding }) => binding),
    ...[ratelimits, objectsOf(config)].flat().map(({ name }) => name),
  ];
  return {
    bindings: [...bindings, ...(config.secrets?.required ?? [])],
    vars: { ...own, ...Object.fromEntries(laid) },
  };
}

function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map((name) => ({ name, queries: split(readFileSync(path.join(folder, name), "utf8")) }));
}
