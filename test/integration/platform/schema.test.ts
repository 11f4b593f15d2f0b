import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

async function definitionOf(name: string): Promise<string> {
  const row = await env.DB.prepare("SELECT sql FROM sqlite_master WHERE name = ?")
    .bind(name)
    .first<{ sql: string }>();
  return row?.sql ?? "";
}

// drizzle-kit knows neither `WITHOUT ROWID` nor partial indexes, so a table that it rebuilds would
// lose them, and every order would cost more.
describe("what the migrations must keep", () => {
  it.each([
    "tasks",
    "orders",
    "leases",
    "idempotency_keys",
    "task_counts",
    "task_templates",
    "tracked_names",
    "notifications",
    "archive_generations",
    "paused_queues",
    "resumed_queues",
    "audit_log",
    "demo_sequence",
    "deleted_orders",
    "api_keys",
    "sign_in_attempts",
  ])("table %s is WITHOUT ROWID", async (table) => {
    expect(await definitionOf(table)).toMatch(/WITHOUT ROWID\s*$/i);
  });

  it("the partial indexes have the conditions that queries repeat to the letter", async () => {
    expect(await definitionOf("tasks_open")).toContain("status IN ('PENDING','RETRY')");
    expect(await definitionOf("tasks_failed")).toContain("status IN ('FAILURE','REVOKED')");
  });
});
