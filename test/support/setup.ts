import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach } from "vitest";
import { expectRightCounts } from "./recount";

await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);

afterEach(async () => {
  // A test may have dropped the table.
  const tables = "SELECT 1 FROM sqlite_master WHERE name = 'tasks'";
  if (await env.DB.prepare(tables).first()) {
    await expectRightCounts();
  }
});
