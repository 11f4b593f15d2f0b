import { availableParallelism } from "node:os";
import { documentProblems } from "./documents.mjs";
import { captureTool } from "./tools.mjs";

const ENV = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };

// One thread each: several run at a time, and a program checked by several threads is read by each.
const types = (folder, config = "tsconfig.json") => ({
  name: `types of ${folder}`,
  tool: "tsc",
  args: ["-p", `${folder}/${config}`, "--singleThreaded"],
});

/** The longest first. */
const checks = [
  { name: "lint", tool: "oxlint", args: ["--type-aware", "--deny-warnings"] },
  types("test"),
  { ...types("."), name: "types of src" },
  types("bench"),
  {
    name: "worker-configuration.d.ts",
    tool: "wrangler",
    args: ["types", "--include-runtime=false", "--strict-vars=false", "--check"],
  },
  types("test/e2e"),
  types("scripts"),
  { ...types("bench/workers"), name: "types of bench's Workers" },
  { ...types("src", "tsconfig.client.json"), name: "types of the pages' scripts" },
  { name: "unused files, exports and dependencies", tool: "knip", args: ["--no-progress"] },
  { name: "format", tool: "oxfmt", args: ["--check"] },
];

/** Runs every check, whatever fails, one on each core; returns how many passed and failed. */
export async function runStaticChecks() {
  const count = { passed: 0, failed: 0 };
  const tell = (name, passed, output) => {
    console.log(`${passed ? "✓" : "✗"} ${name}`);
    if (!passed) {
      console.error(output.trim());
    }
    count[passed ? "passed" : "failed"] += 1;
  };
  const waiting = [...checks];
  const runNext = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const { code, stdout, stderr } = await captureTool(check.tool, check.args, { env: ENV });
      tell(check.name, code === 0, stdout + stderr);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runNext));
  const problems = documentProblems();
  tell("documents", problems.length === 0, problems.join("\n"));
  return count;
}
