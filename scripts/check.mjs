// npm run check runs the checks that need no running Worker.
import { ensureInstalled } from "./lib/install.mjs";
import { runStaticChecks } from "./lib/static-checks.mjs";

await ensureInstalled();
const { passed, failed } = await runStaticChecks();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
