// npm run halves runs this version of the Worker and the one before side by side on one state under
// load, and counts everything at the end. See scripts/halves/main.ts.
import { runApart } from "./lib/apart.mjs";

await runApart("scripts/halves/main.ts");
