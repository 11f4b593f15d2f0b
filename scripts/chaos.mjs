// npm run chaos: load, SIGKILL of the whole server at a random moment, restart on the same state, and
// again; then everything is counted. See scripts/chaos/main.ts.
import { runApart } from "./lib/apart.mjs";

await runApart("scripts/chaos/main.ts");
