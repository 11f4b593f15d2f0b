import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runScript } from "./script";
import { childrenOf, stillLiving, temporaryFolder } from "./server";

function chaos(args: string[]) {
  const folder = temporaryFolder("chaos-");
  return { folder, ...runScript("chaos.mjs", args, { TMPDIR: folder }) };
}

describe("npm run chaos", () => {
  it(
    "five rounds of load and SIGKILL: nothing lost, nothing twice, every sum right",
    {
      timeout: 600_000,
    },
    async () => {
      const { exit, folder, stdout, stderr } = chaos([
        "--rounds",
        "5",
        "--orders",
        "150",
        "--seed",
        "7",
      ]);
      const code = await exit;
      expect(stdout().trim().split("\n"), stderr()).toHaveLength(1);
      const result = JSON.parse(stdout()) as Record<string, number>;
      expect(result, stderr()).toMatchObject({
        rounds: 5,
        kills: 5,
        seed: 7,
        orders: 750,
        accepted: 750,
        lost: 0,
        notFinal: 0,
        storedTwice: 0,
        acceptedTwice: 0,
        wrongSums: 0,
        wrongFailures: 0,
        unlinked: 0,
        stuck: 0,
        heldUpBySick: 0,
        ok: true,
      });
      expect(code).toBe(0);
      expect((result["succeeded"] ?? 0) + (result["failed"] ?? 0)).toBe(750);
      // A run proves nothing if its kills found nobody at work, or its catalogue always answered.
      const figures = ["openAtKills", "resentTasks", "duplicatesRefused", "catalogueFaults"];
      for (const figure of [...figures, "sickAnswers", "slowAnswers"]) {
        expect(result[figure], figure).toBeGreaterThan(0);
      }
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it(
    "on a platform as strict as its documentation: errors of D1 and of objects, several consumers",
    { timeout: 600_000 },
    async () => {
      const args = "--strict --rounds 3 --orders 100 --seed 11".split(" ");
      const { exit, stdout, stderr } = chaos(args);
      const code = await exit;
      const result = JSON.parse(stdout() || "{}") as Record<string, unknown>;
      expect(result, stderr()).toMatchObject({
        accepted: 300,
        lost: 0,
        notFinal: 0,
        storedTwice: 0,
        acceptedTwice: 0,
        wrongSums: 0,
        wrongFailures: 0,
        unlinked: 0,
        stuck: 0,
        ok: true,
      });
      expect(code).toBe(0);
      // A run without batches at once, failures and doubles would be no stricter than the others.
      const { mostAtOnce, failed, doubled } = result["queues"] as Record<string, number>;
      expect(mostAtOnce).toBeGreaterThan(1);
      expect(failed).toBeGreaterThan(0);
      expect(doubled).toBeGreaterThan(0);
    },
  );

  it(
    "20 kills while history is archived: each task and order shown once, as it was",
    {
      timeout: 900_000,
    },
    async () => {
      const args = "--history 12000 --rounds 20 --seed 5".split(" ");
      const { exit, stdout, stderr } = chaos(args);
      const code = await exit;
      const result = JSON.parse(stdout() || "{}") as Record<string, number>;
      expect(result, stderr()).toMatchObject({
        tasks: 12_000,
        orders: 9600,
        due: 0,
        stuck: 0,
        wrong: 0,
        ok: true,
      });
      expect(code).toBe(0);
      // Else it proved nothing: kills that found nobody at work, or nothing that had left.
      expect(result["killsAtWork"]).toBeGreaterThan(10);
      expect(result["archived"]).toBeGreaterThan(10_000);
    },
  );

  it.each(["SIGINT", "SIGKILL"] as const)(
    "leaves no process and no folder behind at %s",
    async (signal) => {
      const { child, exit, folder, stdout, stderr } = chaos(["--rounds", "9", "--orders", "50"]);
      await expect.poll(stderr, { timeout: 60_000, interval: 100 }).toContain("round 1 of 9");
      await expect
        .poll(() => childrenOf(child.pid ?? 0).length, { timeout: 60_000, interval: 50 })
        .toBeGreaterThan(3); // The next round's server is among the children.
      const children = childrenOf(child.pid ?? 0);
      child.kill(signal);
      await exit;
      await expect.poll(() => stillLiving(children), { timeout: 30_000 }).toEqual([]);
      await expect.poll(() => readdirSync(folder), { timeout: 30_000 }).toEqual([]);
      expect(await exit).toBe(signal === "SIGINT" ? 130 : null);
      expect(stdout()).toBe("");
    },
  );

  it("refuses flags it does not know, in words", async () => {
    const { exit, stderr, stdout } = chaos(["--rounds", "none"]);
    expect(await exit).toBe(2);
    expect(stderr()).toContain("--rounds must be a whole number");
    expect(stdout()).toBe("");
  });
});
