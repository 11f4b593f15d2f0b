import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const secrets = {
  ADMIN_EMAIL: "admin@example.com",
  ADMIN_PASSWORD: "integration-password-1",
  BETTER_AUTH_SECRET: "integration-secret-of-more-than-32-characters",
};
// As variables of the process too: the plugin warns of required secrets it finds nowhere.
Object.assign(process.env, secrets);

export default defineConfig({
  test: {
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
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], environment: "node" },
      },
      {
        plugins: [
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
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["./scripts/lib/bundles.mjs"],
          setupFiles: ["./test/support/setup.ts"],
          testTimeout: 30_000,
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
          fileParallelism: false,
        },
      },
    ],
  },
});
