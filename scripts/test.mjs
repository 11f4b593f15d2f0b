// npm test runs every check and every test, even if some fail. Arguments go to vitest.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensureInstalled } from "./lib/install.mjs";
import { runStaticChecks } from "./lib/static-checks.mjs";
import { runTool } from "./lib/tools.mjs";

await ensureInstalled();
const checks = await runStaticChecks();
const tests = await runVitest(process.argv.slice(2));

const passed = checks.passed + tests.passed;
const failed = checks.failed + tests.failed;
console.log(
  `${passed} passed, ${failed} failed${tests.skipped ? `, ${tests.skipped} skipped` : ""}`,
);
process.exitCode = failed > 0 ? 1 : 0;

async function runVitest(args) {
  const folder = mkdtempSync(path.join(tmpdir(), "tests-"));
  const file = path.join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  try {
    const code = await runTool("vitest", ["run", ...reporters, ...args]);
    return count(file, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function count(file, code) {
  const report = readReport(file);
  // A file that cannot be loaded fails without any failed test of its own.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    failed: failed === 0 && code !== 0 ? 1 : failed, // an error outside any test, or no test found
  };
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    console.error("vitest ended without a report.");
    return {
      numPassedTests: 0,
      numFailedTests: 0,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [],
    };
  }
}
