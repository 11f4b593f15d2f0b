// npm run chaos puts load on a server, kills it with SIGKILL at random moments, restarts it on the
// same state, and counts everything at the end. See scripts/chaos/main.ts.
import { runApart } from "./lib/apart.mjs";

await runApart("scripts/chaos/main.ts");
