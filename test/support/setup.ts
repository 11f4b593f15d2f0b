import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach } from "vitest";
import { expectRightCounts } from "./recount";

await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);

afterEach(async () => {
  const tables = "SELECT 1 FROM sqlite_master WHERE name = 'tasks'"; // a test may have dropped it
  if (await env.DB.prepare(tables).first()) {
    await expectRightCounts();
  }
});
