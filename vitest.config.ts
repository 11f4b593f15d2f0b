import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig, type Plugin } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const secrets = {
  ADMIN_EMAIL: "admin@example.com",
  ADMIN_PASSWORD: "integration-password-1",
  BETTER_AUTH_SECRET: "integration-secret-of-more-than-32-characters",
};
// As variables of the process too: the plugin warns of required secrets it finds nowhere.
Object.assign(process.env, secrets);

/** Source maps are half of what workerd is sent for each test file, and nobody debugs a dependency. */
const withoutDependenciesMaps: Plugin = {
  name: "without-dependencies-maps",
  enforce: "post",
  transform: (code, id) =>
    id.includes("/node_modules/") ? { code, map: { mappings: "" } } : undefined,
};

/** Those that would be waited for at the end, were they not among the first. */
const LONGEST = ["halves", "chaos", "deploy", "pages", "start"].map(
  (name) => `/e2e/${name}.test.ts`,
);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) =>
      LONGEST.some((end) => moduleId.endsWith(end)) ? 0 : project.name === "e2e" ? 1 : 2;
    // oxlint-disable-next-line unicorn/no-array-sort -- vitest's method, no array's
    const usual = await super.sort(files);
    return usual.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** As many as there are cores: with more, what waits for a killed server's work waits too long. */
const maxWorkers = availableParallelism();

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // The Worker's own log lines: LOGS=1 shows them.
    onConsoleLog: (text) => process.env["LOGS"] === "1" || !text.startsWith('{"event"'),
    projects: [
      {
        resolve: {
          alias: {
            "cloudflare:workers": fileURLToPath(
              new URL("test/support/cloudflare-workers.ts", import.meta.url),
            ),
          },
        },
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          environment: "node",
          maxWorkers,
        },
      },
      {
        plugins: [
          withoutDependenciesMaps,
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ...secrets,
                CATALOGUE_URL: "embedded",
                DEMO_ENABLED: "true",
                TEST_MIGRATIONS: await readD1Migrations("./migrations"),
                FUZZ_RUNS: process.env["FUZZ_RUNS"] ?? "",
                FUZZ_SEED: process.env["FUZZ_SEED"] ?? "",
                LARGE_TASKS: process.env["LARGE_TASKS"] ?? "",
              },
            },
          })),
        ],
        test: {
          name: "integration",
          maxWorkers,
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["./scripts/lib/bundles.mjs"],
          setupFiles: ["./test/support/setup.ts"],
          testTimeout: 60_000, // beside two more, on two cores
          hookTimeout: 60_000, // counting a million tasks again
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          environment: "node",
          testTimeout: 240_000,
          hookTimeout: 240_000,
          globalSetup: ["./scripts/lib/migrated-state.mjs"],
          maxWorkers,
          retry: 1, // a machine that does other work may let a server's start run out of time
        },
      },
    ],
  },
});
