// npm run bench measures how fast the started server is, whether it is right, and what an order costs.
// A first word runs one of its companions instead. See bench/run.ts.
import { runApart } from "./lib/apart.mjs";

const COMPANIONS = ["fill", "history", "memory", "pages"];

const [word, ...rest] = process.argv.slice(2);
await (COMPANIONS.includes(word) ? runApart(`bench/${word}.ts`, rest) : runApart("bench/run.ts"));
