import { describe, expect, it } from "vitest";
import { DEPLOYMENTS } from "../../scripts/halves/phases.ts";
import { commitOf } from "../../scripts/halves/versions.ts";
import { runScript } from "./script";

const previous = commitOf();
if (previous === null) {
  console.log("No history, so no version before this one: npm run halves is skipped.");
}

async function halves(args: string[]) {
  const { exit, stdout, stderr } = runScript("halves.mjs", args);
  const code = await exit;
  const results = stdout()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, results, stderr: stderr() };
}

describe.skipIf(previous === null)("npm run halves", () => {
  it(
    "this version and the one before, on one state: nothing lost, nothing twice, every sum right",
    { timeout: 600_000 },
    async () => {
      const { code, results, stderr } = await halves(["--orders", "30", "--seed", "7"]);
      expect(results.map(({ deployment }) => deployment)).toEqual(Object.keys(DEPLOYMENTS));
      for (const result of results) {
        expect(result, stderr).toMatchObject({
          accepted: result["orders"],
          lost: 0,
          notFinal: 0,
          storedTwice: 0,
          acceptedTwice: 0,
          wrongSums: 0,
          wrongFailures: 0,
          unlinked: 0,
          workerCrashed: 0,
          ok: true,
        });
        // A run proves nothing if a version was at work nowhere, or no id was sent twice.
        expect(result["duplicatesRefused"]).toBeGreaterThan(0);
        const served = result["served"] as Record<string, Record<string, number>>;
        for (const version of ["previous", "current"]) {
          for (const what of ["requests", "messages", "objects"]) {
            expect(served[version]?.[what], `${what} of the ${version}`).toBeGreaterThan(0);
          }
        }
      }
      expect(code, stderr).toBe(0);
    },
  );

  it("says so where the history lacks the version before", async () => {
    const { code, stderr } = await halves(["--previous", "no-such-version"]);
    expect(code).toBe(2);
    expect(stderr).toContain("use a full clone");
  });
});
