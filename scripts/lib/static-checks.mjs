import { documentProblems } from "./documents.mjs";
import { runTool } from "./tools.mjs";

const checks = [
  { name: "format", tool: "oxfmt", args: ["--check"] },
  { name: "lint", tool: "oxlint", args: ["--type-aware", "--deny-warnings"] },
  {
    name: "worker-configuration.d.ts",
    tool: "wrangler",
    args: ["types", "--include-runtime=false", "--strict-vars=false", "--check"],
  },
  { name: "types of src", tool: "tsc", args: ["-p", "tsconfig.json"] },
  {
    name: "types of the pages' scripts",
    tool: "tsc",
    args: ["-p", "src/tsconfig.client.json"],
  },
  { name: "types of scripts", tool: "tsc", args: ["-p", "scripts/tsconfig.json"] },
  { name: "types of bench", tool: "tsc", args: ["-p", "bench/tsconfig.json"] },
  {
    name: "types of bench's Workers",
    tool: "tsc",
    args: ["-p", "bench/workers/tsconfig.json"],
  },
  { name: "types of test", tool: "tsc", args: ["-p", "test/tsconfig.json"] },
  { name: "types of test/e2e", tool: "tsc", args: ["-p", "test/e2e/tsconfig.json"] },
];

/** Runs every check, whatever fails; returns how many passed and failed. */
export async function runStaticChecks() {
  const count = { passed: 0, failed: 0 };
  const tell = (name, passed) => {
    console.log(`${passed ? "✓" : "✗"} ${name}`);
    count[passed ? "passed" : "failed"] += 1;
  };
  for (const { name, tool, args } of checks) {
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
    tell(name, (await runTool(tool, args, { env })) === 0);
  }
  const problems = documentProblems();
  problems.forEach((problem) => console.error(problem));
  tell("documents", problems.length === 0);
  return count;
}
